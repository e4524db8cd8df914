// The callers permitted for each operation, from the requirements that the routes declare: for docs/permissions.md,
// and for the test that checks every cell of it.
import type { Route } from '../../core/policy.ts'
import { authEndpoints } from '../management/people/auth-endpoints.ts'
import { readingPosts } from '../paths.ts'
import {
  byScopeOfRoute,
  type Requirement,
  scopeOfRoute,
  stepUpAlways,
} from '../routing/security.ts'
import { type Document, operationsOf } from './document.ts'

/** The callers, with the headings of their columns. */
export const callers = {
  anonymous: 'anonymous',
  member: 'member',
  admin: 'admin',
  owner: 'owner',
  outsider: 'owner of another account',
  key: 'key that inherits',
  manager: 'key with `keys:manage`',
  verifier: 'key with `keys:verify`',
  jwt: "owner's JWT",
} as const

export type Caller = keyof typeof callers

/** `yes`, or the status of the refusal. */
export type Cell = 'yes' | 401 | 403 | 404

export type Permission = {
  section: 'operations' | 'people' | 'gateway'
  method: string
  path: string
  /** The permitted callers as text. */
  who: string
  cells: Record<Caller, Cell>
}

type SecuredRoute = {
  section: Permission['section']
  method: string
  path: string
  security: readonly Requirement[]
  /** The request names something of one account. */
  isOfAccount: boolean
}

/** The whole table. @throws Error naming an operation without a security requirement. */
export function permissionsOf(document: Document, gateway: readonly Route[]): Permission[] {
  const operations = operationsOf(document).map(({ path, method, operation }): SecuredRoute => {
    const { security } = operation
    const name = `${method.toUpperCase()} ${path}`
    if (security === undefined) throw new Error(`${name} has no security requirement.`)
    const isOfAccount = path.includes('{id}') || readingPosts.includes(path)
    return { section: 'operations', method: method.toUpperCase(), path, security, isOfAccount }
  })
  const endpoints = Object.entries(authEndpoints).map(([name, endpoint]): SecuredRoute => {
    const [method = '', path] = name.split(' ')
    return { section: 'people', isOfAccount: false, ...endpoint, method, path: `/api/auth${path}` }
  })
  const routes = gateway.map(({ method, path, scope }): SecuredRoute => {
    const security = byScopeOfRoute.map((each) =>
      rename(each, typeof scope === 'string' ? [scope] : [...scope]),
    )
    return { section: 'gateway', method, path, security, isOfAccount: false }
  })
  // The document contains a part of Better Auth's endpoints too.
  const isOfBetterAuth = ({ path }: SecuredRoute) => endpoints.some((each) => each.path === path)
  const own = operations.filter((route) => !isOfBetterAuth(route))
  return [...own, ...endpoints, ...routes].map(permissionOf)
}

function rename(requirement: Requirement, scopes: string[]): Requirement {
  const [scheme = ''] = Object.keys(requirement)
  return { [scheme]: scopes }
}

function permissionOf(route: SecuredRoute): Permission {
  const { section, method, path, security } = route
  const names = Object.keys(callers) as Caller[]
  const cells = Object.fromEntries(names.map((caller) => [caller, cellOf(route, caller)]))
  return { section, method, path, who: whoOf(security), cells: cells as Permission['cells'] }
}

function cellOf(route: SecuredRoute, caller: Caller): Cell {
  const { security, section, isOfAccount } = route
  const schemes = new Map(security.flatMap((each) => Object.entries(each)))
  if (schemes.size === 0) return 'yes'
  if (schemes.has('githubSignature') || schemes.has('closed')) return 403
  // Better Auth accepts cookies only.
  const isByCookieOnly = section === 'people'
  switch (caller) {
    case 'anonymous':
      return 401
    case 'member':
    case 'admin':
    case 'owner':
      return byRole(schemes.get('session'), caller, 401)
    case 'outsider': {
      const cell = byRole(schemes.get('session'), 'owner', 401)
      return cell === 'yes' && isOfAccount ? 404 : cell
    }
    case 'jwt':
      return isByCookieOnly ? 401 : byRole(schemes.get('jwt'), 'owner', 403)
    case 'key':
    case 'manager':
    case 'verifier':
      return isByCookieOnly ? 401 : byScopes(schemes.get('apiKey'), caller)
  }
}

const ranks = ['member', 'admin', 'owner']

function byRole(needs: string[] | undefined, role: string, otherwise: Cell): Cell {
  if (needs === undefined) return otherwise
  const roles = needs.filter((each) => ranks.includes(each))
  return roles.every((each) => ranks.indexOf(role) >= ranks.indexOf(each)) ? 'yes' : 403
}

const reserved = { manager: 'keys:manage', verifier: 'keys:verify' }

/** Keys inherit every scope but the reserved ones. */
function byScopes(needs: string[] | undefined, caller: 'key' | 'manager' | 'verifier'): Cell {
  if (needs === undefined) return 403
  const holds = (scope: string) =>
    caller === 'key' ? !Object.values(reserved).includes(scope) : scope === reserved[caller]
  return needs.every(holds) ? 'yes' : 403
}

const inWords: Record<string, string> = {
  session: 'signed in',
  setupToken: 'the operator, by `SETUP_TOKEN`',
  githubSignature: 'GitHub, by its signature',
  closed: 'closed',
}

function whoOf(security: readonly Requirement[]): string {
  const schemes = new Map(security.flatMap((each) => Object.entries(each)))
  if (schemes.size === 0) return 'anyone'
  const needs = schemes.get('session') ?? schemes.get('jwt') ?? []
  const person = needs.find((each) => ranks.includes(each))
  const stepUp = needs.filter((each) => each.startsWith(stepUpAlways))
  const scope = schemes.get('apiKey')?.[0]
  if (scope === undefined && schemes.has('apiKey')) return 'any key'
  if (scope === scopeOfRoute) return 'the scope of the route'
  const key = scope === undefined ? [] : [`\`${scope}\``]
  const people = person === undefined ? [] : [person]
  const words = [...people, ...key, ...stepUp]
  if (words.length > 0) return words.join(', ')
  return [...schemes.keys()].flatMap((name) => inWords[name] ?? []).join(', ')
}
