// The callers permitted for each operation, from the requirements that the routes declare: for docs/permissions.md,
// and for the test that checks every cell of it.
import type { Route } from '../../core/policy.ts'
import { accountChanges } from '../../identity/other-accounts.ts'
import { authEndpoints } from '../management/people/auth-endpoints.ts'
import { readingPosts } from '../paths.ts'
import {
  byScopeOfRoute,
  ofPlatform,
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
  portalKey: 'key with `keys:portal`',
  jwt: "owner's JWT",
  guest: 'member, signed in to another account of theirs',
  suspended: 'owner of a suspended account',
  platformOwner: 'owner of the platform',
  platformAdmin: 'admin of the platform',
  platformKey: 'key with `platform:manage`',
  platformVerifier: 'key with `platform:verify`',
  awaiting: 'sign-in that awaits its second factor',
  portalSession: 'portal session',
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
    const isOfAccount = /\{(id|user_id)\}/.test(path) || readingPosts.includes(path)
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
  const { security, section } = route
  const schemes = new Map(security.flatMap((each) => Object.entries(each)))
  if (schemes.size === 0) return 'yes'
  if (schemes.has('portalSession')) return caller === 'portalSession' ? 'yes' : 401
  if (schemes.has('githubSignature') || schemes.has('closed')) return 403
  // Better Auth accepts cookies only.
  const isByCookieOnly = section === 'people'
  const bySession = (role: string) => byRole(schemes.get('session'), role, 401)
  switch (caller) {
    case 'anonymous':
      return 401
    case 'portalSession':
      // An unknown token where a Bearer token counts; elsewhere, as every credential that is not the route's own.
      return schemes.has('jwt') || schemes.has('apiKey') || isByCookieOnly ? 401 : 403
    case 'awaiting':
      return schemes.has('awaitingSession') ? 'yes' : 401
    case 'member':
    case 'admin':
    case 'owner':
      return bySession(caller)
    case 'guest':
      return bySession('member')
    case 'outsider':
      return ofOthers(route, bySession('owner'))
    case 'suspended':
      return onlyReads(route) ? bySession('owner') : 403
    case 'platformOwner':
    case 'platformAdmin': {
      const role = caller === 'platformOwner' ? 'owner' : 'admin'
      return ofOthers(route, byRole(schemes.get('session'), role, 401, true))
    }
    case 'jwt':
      return isByCookieOnly ? 401 : byRole(schemes.get('jwt'), 'owner', 403)
    case 'key':
    case 'manager':
    case 'verifier':
    case 'portalKey':
    case 'platformVerifier':
      return isByCookieOnly ? 401 : byScopes(scopesOf(security), reserved[caller])
    case 'platformKey':
      return isByCookieOnly ? 401 : byPlatformKey(route)
  }
}

/** What a caller finds who is in another account than that of the data. */
function ofOthers({ security, isOfAccount }: SecuredRoute, cell: Cell): Cell {
  const isOfDeployment = security.some((each) => Object.values(each).flat().includes(ofPlatform))
  return cell === 'yes' && isOfAccount && !isOfDeployment ? 404 : cell
}

/** What is left to people of a suspended account. Their own sessions, which only a cookie reaches, are no part of it. */
function onlyReads({ section, method, path, security }: SecuredRoute): boolean {
  if (section === 'people') {
    const endpoint = path.replace('/api/auth', '')
    // Of the account that invites, which is another one.
    return !accountChanges.includes(endpoint) || endpoint === '/organization/accept-invitation'
  }
  const isByManagement =
    security.some((each) => Object.hasOwn(each, 'session')) &&
    security.some((each) => Object.hasOwn(each, 'jwt'))
  return !isByManagement || method === 'GET' || readingPosts.includes(path)
}

const ranks = ['member', 'admin', 'owner']

function byRole(
  needs: string[] | undefined,
  role: string,
  otherwise: Cell,
  inPlatform = false,
): Cell {
  if (needs === undefined) return otherwise
  if (needs.includes(ofPlatform) && !inPlatform) return 403
  const roles = needs.filter((each) => ranks.includes(each))
  return roles.every((each) => ranks.indexOf(role) >= ranks.indexOf(each)) ? 'yes' : 403
}

/** The scope of each kind of key; null: it inherits every scope but these. */
const reserved = {
  key: null,
  manager: 'keys:manage',
  verifier: 'keys:verify',
  portalKey: 'keys:portal',
  platformKey: 'platform:manage',
  platformVerifier: 'platform:verify',
}

/** The scopes of keys, for each alternative. */
function scopesOf(security: readonly Requirement[]): string[][] {
  return security.flatMap(({ apiKey }) => (apiKey === undefined ? [] : [apiKey]))
}

function byScopes(alternatives: string[][], held: string | null): Cell {
  const isReserved = (scope: string) => Object.values<string | null>(reserved).includes(scope)
  const holds = (scope: string) => (held === null ? !isReserved(scope) : scope === held)
  return alternatives.some((scopes) => scopes.every(holds)) ? 'yes' : 403
}

/** It names the account of the data, where it does what a key with `keys:manage` does, but for webhooks. */
function byPlatformKey({ path, security }: SecuredRoute): Cell {
  if (path.startsWith('/api/webhook-endpoints')) return 403
  const alternatives = scopesOf(security)
  const isByManager = alternatives.some((scopes) => scopes.includes(reserved.manager))
  const cell = isByManager ? 'yes' : byScopes(alternatives, reserved.platformKey)
  const isByAnyKey = alternatives.some((scopes) => scopes.length === 0)
  const isOfOwnAccount = isByAnyKey || alternatives.flat().includes(reserved.platformVerifier)
  // A key that calls these routes names its own account or none.
  return isOfOwnAccount ? 404 : cell
}

const inWords: Record<string, string> = {
  session: 'signed in',
  awaitingSession: 'a sign-in that awaits its second factor',
  portalSession: 'a customer, by their portal session',
  setupToken: 'the operator, by `SETUP_TOKEN`',
  githubSignature: 'GitHub, by its signature',
  closed: 'closed',
}

function whoOf(security: readonly Requirement[]): string {
  const schemes = new Map(security.flatMap((each) => Object.entries(each)))
  if (schemes.size === 0) return 'anyone'
  const needs = schemes.get('session') ?? schemes.get('jwt') ?? []
  const role = needs.find((each) => ranks.includes(each))
  const person = needs.includes(ofPlatform) ? `${role} ${ofPlatform}` : role
  const stepUp = needs.filter((each) => each.startsWith(stepUpAlways))
  const scopes = scopesOf(security)
  if (scopes.some((each) => each.length === 0)) return 'any key'
  if (scopes.flat().includes(scopeOfRoute)) return 'the scope of the route'
  const key = scopes.flatMap(([scope]) => (scope === undefined ? [] : [`\`${scope}\``]))
  // Of nobody's role, and of no key.
  const isAnybody = schemes.has('session') && scopes.length === 0
  const somebody = isAnybody ? inWords.session : undefined
  const people = [person ?? somebody].filter((each) => each !== undefined)
  const words = [...people, ...key, ...stepUp]
  if (words.length > 0) return words.join(', ')
  return [...schemes.keys()].flatMap((name) => inWords[name] ?? []).join(', ')
}
