// Validates the scopes, roles and policies of a configuration: what can never match or be held stops the Worker.
import { fail } from './config-error.ts'
import { defaultEnvironment } from './environment.ts'
import type { KeyTemplate } from './key-template.ts'
import type { PolicyInput, PolicyRules, Route } from './policy.ts'
import { type Role, type RolePowers, roles } from './role.ts'
import {
  entryRefusal,
  heldRefusal,
  isScopeName,
  type ScopeCatalogue,
  takesResource,
} from './scope-matcher.ts'
import { reservedScopes } from './scopes.ts'

export function checkScopes(scopes: ScopeCatalogue) {
  for (const [scope, entry] of Object.entries(scopes)) {
    if (!isScopeName(scope)) {
      fail(`the scope "${scope}" must be lower-case letters, digits and any of : . _ -`)
    }
    const refusal = entryRefusal(entry)
    if (refusal !== null) fail(`the scope "${scope}" ${refusal}`)
    if (Object.hasOwn(reservedScopes, scope))
      fail(`the scope "${scope}" is reserved and always present: remove it`)
  }
}

/** @param catalogue with the reserved scopes. */
export function checkRoles(powers: Record<Role, RolePowers>, catalogue: ScopeCatalogue) {
  for (const role of Object.keys(powers)) {
    if (!roles.includes(role as Role)) fail(`roles.${role} must be one of ${roles.join(', ')}`)
  }
  for (const role of roles) {
    const granted = powers[role]?.scopes
    if (granted === undefined) fail(`roles.${role} is missing`)
    if (granted === 'all') continue
    for (const scope of granted) {
      if (Object.hasOwn(reservedScopes, scope)) {
        fail(`roles.${role} names "${scope}", which is never inherited`)
      }
      checkHeld(`roles.${role}`, scope, catalogue)
    }
  }
}

export function checkTemplates(
  templates: Record<string, KeyTemplate>,
  catalogue: ScopeCatalogue,
  formats: Record<string, unknown>,
) {
  for (const [name, { scopes = [], format }] of Object.entries(templates)) {
    const where = `templates["${name}"]`
    for (const scope of scopes) checkHeld(where, scope, catalogue)
    if (format !== undefined && !Object.hasOwn(formats, format)) {
      fail(`${where} names the unknown format "${format}"`)
    }
  }
}

function checkHeld(where: string, scope: string, catalogue: ScopeCatalogue) {
  const refusal = heldRefusal(scope, catalogue)
  if (refusal === 'No such scope') fail(`${where} names the unknown scope "${scope}"`)
  if (refusal !== null) fail(`${where} names "${scope}": ${refusal}`)
}

/** Both forms of a policy as one. */
export function readPolicies(
  policies: Record<string, PolicyInput>,
  catalogue: ScopeCatalogue,
  environments: readonly string[],
): Record<string, PolicyRules> {
  return Object.fromEntries(
    Object.entries(policies).map(([name, input]) => {
      const rules = rulesOf(input)
      checkPolicy(name, rules, catalogue, environments)
      return [name, rules]
    }),
  )
}

function rulesOf(input: PolicyInput): PolicyRules {
  return 'routes' in input
    ? { environments: input.environments ?? [defaultEnvironment], routes: input.routes }
    : { environments: [defaultEnvironment], routes: input }
}

function checkPolicy(
  policy: string,
  { environments, routes }: PolicyRules,
  catalogue: ScopeCatalogue,
  known: readonly string[],
) {
  if (!/^[A-Za-z0-9_-]+$/.test(policy)) {
    fail(`the policy "${policy}" must be letters, digits, - or _: it is part of URLs`)
  }
  if (environments.length === 0) fail(`policies.${policy} names no environment: no key would pass`)
  for (const environment of environments) {
    if (known.includes(environment)) continue
    fail(`policies.${policy} names the environment "${environment}", which no format has`)
  }
  for (const route of routes) checkRoute(policy, route, catalogue)
}

function checkRoute(policy: string, route: Route, catalogue: ScopeCatalogue) {
  const { method, path } = route
  const named = `${method} ${path}`
  if (!/^[A-Z]+$/.test(method)) {
    fail(`policies.${policy}: the method of "${named}" must be upper-case letters`)
  }
  if (method === 'HEAD') {
    fail(`policies.${policy}: "${named}" can never match: HEAD needs the scope of GET`)
  }
  if (!/^(\/(\{\w+\}|[\w.~-]+))+$/.test(path)) {
    fail(`policies.${policy}: the path of "${named}" must be /segments, each plain or {name}`)
  }
  if (/\/\.{1,2}(\/|$)/.test(path)) {
    fail(`policies.${policy}: the path of "${named}" has a dot segment and can never match`)
  }
  checkNeeds(`policies.${policy}: "${named}"`, route, catalogue)
}

function checkNeeds(named: string, { path, scope, resource }: Route, catalogue: ScopeCatalogue) {
  const scopes = typeof scope === 'string' ? [scope] : [...scope]
  if (scopes.length === 0) fail(`${named} has an empty list of scopes, which nothing meets`)
  for (const each of scopes) {
    if (!Object.hasOwn(catalogue, each)) fail(`${named} needs the unknown scope "${each}"`)
  }
  if (resource === undefined) return
  if (!path.split('/').includes(`{${resource}}`)) {
    fail(`${named} has no path parameter {${resource}} for its resource`)
  }
  if (!scopes.some((each) => takesResource(each, catalogue))) {
    fail(`${named} names a resource, and none of its scopes has \`resource: true\``)
  }
}
