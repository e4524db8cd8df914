// The powers of a key, compared. A change that only tightens them is always allowed; any other is a grant, for which
// the actor must be able to create the resulting key now, all fields together.
import type { Actor, Bounds, MayGrant } from './actor.ts'
import { contains } from './address.ts'
import type { CreditTerms, LimitOwner, Window } from './limits.ts'
import type { Role } from './role.ts'
import { uncoveredScopes } from './scope-grants.ts'
import type { ScopeCatalogue } from './scope-matcher.ts'
import { type Catalogue, isOfPlatform, reservedScopes } from './scopes.ts'

/** All of a key that a change may loosen. */
export type KeyPowers = {
  /** null: the key inherits. */
  scopes: readonly string[] | null
  /** The role that it inherits from; null: a former member. */
  inheritsFrom: Role | null
  environment: string
  expiresAt: number | null
  allowedIps: readonly string[] | null
  rateLimit: readonly Window[] | null
  credits: CreditTerms | null
  limitsBy: LimitOwner
  externalId: string | null
  metadata: Record<string, unknown> | null
  mayGrant: MayGrant | null
  disabled: boolean
}

/** Whether `after` allows nothing that `before` does not. Its result is a partial order of powers. */
export function onlyTightens(
  before: KeyPowers,
  after: KeyPowers,
  { scopes }: Pick<Catalogue, 'scopes'>,
): boolean {
  return (
    tightensScopes(before.scopes, after.scopes, scopes) &&
    (after.expiresAt ?? Infinity) <= (before.expiresAt ?? Infinity) &&
    tightensAddresses(before.allowedIps, after.allowedIps) &&
    tightensWindows(before.rateLimit, after.rateLimit) &&
    (after.disabled || !before.disabled) &&
    // Each of them decides whose meter, whose data or whose environment a key reaches: none has a "less".
    kept.every((field) => JSON.stringify(before[field]) === JSON.stringify(after[field]))
  )
}

const kept = [
  'inheritsFrom',
  'environment',
  'credits',
  'limitsBy',
  'externalId',
  'metadata',
  'mayGrant',
] as const

/** What a key inherits can grow with its creator's role, so no list covers it and it covers no list but the empty one. */
function tightensScopes(
  before: KeyPowers['scopes'],
  after: KeyPowers['scopes'],
  catalogue: ScopeCatalogue,
): boolean {
  if (after === null) return before === null
  return uncoveredScopes(after, before ?? [], catalogue).length === 0
}

function tightensAddresses(
  before: readonly string[] | null,
  after: readonly string[] | null,
): boolean {
  if (before === null) return true
  return after?.every((block) => before.some((old) => contains(old, block))) ?? false
}

/**
 * A renamed or re-timed window starts empty: only windows of the same name and length are the same. From exact to fast
 * is looser, like a higher limit: a few more may pass.
 */
function tightensWindows(
  before: readonly Window[] | null,
  after: readonly Window[] | null,
): boolean {
  const isKept = (old: Window) =>
    after?.some(
      ({ name, windowSeconds, limit, mode }) =>
        name === old.name &&
        windowSeconds === old.windowSeconds &&
        limit <= old.limit &&
        (mode === undefined || mode === old.mode),
    )
  return before?.every(isKept) ?? true
}

/**
 * Why the actor may not create a key with these powers now, as a sentence; null when they may. A limit on the number
 * of keys is checked where the key is stored.
 */
export function grantRefusal(
  actor: Actor,
  key: KeyPowers,
  config: Catalogue,
  nowMs: number,
): string | null {
  return actor.kind === 'person'
    ? refusalOfRole(actor, key, config)
    : refusalOfBounds(actor.mayGrant, key, config, nowMs)
}

function refusalOfRole(
  { role, inPlatform }: Extract<Actor, { kind: 'person' }>,
  key: KeyPowers,
  config: Catalogue,
): string | null {
  if (key.mayGrant !== null && role !== 'owner') return 'Only an owner may set may_grant.'
  const own = config.roles[role].scopes
  if (key.scopes === null) {
    const inherited = key.inheritsFrom === null ? [] : config.roles[key.inheritsFrom].scopes
    if (inherited !== 'all') return refuseUncovered('Your role', inherited, own, config)
    return own === 'all' ? null : 'Your role does not have full access, and so cannot grant it.'
  }
  const reserved = reservedIn(key.scopes)
  if (reserved.length > 0 && role !== 'owner') {
    return `Only an owner may grant ${reserved.join(' and ')}.`
  }
  if (!inPlatform && reserved.some(isOfPlatform)) {
    return 'Only keys of the account that operates this deployment hold scopes of the platform.'
  }
  const others = key.scopes.filter((scope) => !reserved.includes(scope))
  return refuseUncovered('Your role', others, own, config)
}

function refusalOfBounds(
  bounds: Bounds | null,
  key: KeyPowers,
  config: Pick<Catalogue, 'scopes'>,
  nowMs: number,
): string | null {
  if (bounds === null) return 'This key has no may_grant, and so grants nothing.'
  if (key.scopes === null) return 'A key cannot make a key that inherits: list its scopes.'
  if (key.mayGrant !== null) return 'Only an owner may set may_grant.'
  const reserved = reservedIn(key.scopes)
  if (reserved.length > 0) return `Only an owner may grant ${reserved.join(' and ')}.`
  return beyondBounds(bounds, key, config, nowMs)
}

/** Which bound the key exceeds, as a sentence; null when it is within all of them. */
export function beyondBounds(
  bounds: Bounds,
  key: KeyPowers,
  config: Pick<Catalogue, 'scopes'>,
  nowMs: number,
): string | null {
  const { scopes, environments, externalIds, maxLifetime, rateLimit, limitsBy } = bounds
  if (environments !== null && !environments.includes(key.environment)) {
    return `The environment ${key.environment} is beyond the may_grant of this key.`
  }
  if (externalIds !== null && !(key.externalId !== null && externalIds.includes(key.externalId))) {
    return 'The external_id is beyond the may_grant of this key.'
  }
  if (maxLifetime !== null && (key.expiresAt ?? Infinity) > nowMs + maxLifetime * 1000) {
    return `The may_grant of this key needs an expires_at within ${maxLifetime} seconds.`
  }
  if (!tightensWindows(rateLimit, key.rateLimit)) {
    return 'The may_grant of this key needs its rate_limit, or a tighter one.'
  }
  if (limitsBy !== undefined && key.limitsBy !== limitsBy) {
    return `The session needs limits by ${limitsBy}.`
  }
  if (scopes === null) return null
  if (key.scopes === null) return 'What a key inherits is beyond the may_grant of this key.'
  return refuseUncovered('The may_grant of this key', key.scopes, scopes, config)
}

/** Whether there are keys beyond what it may grant, but for their number. */
export function isBounded(bounds: MayGrant | null): boolean {
  if (bounds === null) return false
  const { maxKeys: _, ...rest } = bounds
  return Object.values(rest).some((bound) => bound !== null)
}

/** Of these scopes, those that only an owner grants. */
export function reservedIn(scopes: readonly string[]): string[] {
  return scopes.filter((scope) => Object.hasOwn(reservedScopes, scope))
}

const maxPlatformLifetimeMs = 90 * 24 * 60 * 60 * 1000

/** What a key lacks that acts in every account: addresses, and an end; null for other keys. */
export function platformKeyError(
  { scopes, allowedIps, expiresAt }: Pick<KeyPowers, 'scopes' | 'allowedIps' | 'expiresAt'>,
  nowMs: number,
): { path: 'allowed_ips' | 'expires_at'; message: string } | null {
  if (!scopes?.some(isOfPlatform)) return null
  if (allowedIps === null) {
    return { path: 'allowed_ips', message: 'A key with a scope of the platform needs addresses' }
  }
  if ((expiresAt ?? Infinity) <= nowMs + maxPlatformLifetimeMs) return null
  return {
    path: 'expires_at',
    message: 'A key with a scope of the platform needs an expiry within 90 days',
  }
}

/** Whether a person needs step-up to grant it: such a key makes other keys, or sees tokens. */
export function needsStepUp({ scopes, mayGrant }: Pick<KeyPowers, 'scopes' | 'mayGrant'>): boolean {
  return mayGrant !== null || reservedIn(scopes ?? []).length > 0
}

/** `all` is everything but the reserved scopes, wildcards included. */
function refuseUncovered(
  subject: string,
  scopes: readonly string[],
  own: readonly string[] | 'all',
  { scopes: catalogue }: Pick<Catalogue, 'scopes'>,
): string | null {
  if (own === 'all') return null
  const beyond = uncoveredScopes(scopes, own, catalogue)
  if (beyond.length === 0) return null
  return `${subject} does not hold ${beyond.join(', ')}, and so cannot grant it.`
}
