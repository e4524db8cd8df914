// What a caller may do to a stored key.
import type { Clock } from '../coherence/settle.ts'
import { type Actor, isItself } from '../core/actor.ts'
import type { Caller } from '../core/audit.ts'
import { environmentOf } from '../core/environment.ts'
import {
  beyondBounds,
  grantRefusal,
  type KeyPowers,
  needsStepUp,
  onlyTightens,
  platformKeyError,
  reservedIn,
} from '../core/grant.ts'
import { creditTerms } from '../core/limits.ts'
import { strongestRole } from '../core/role.ts'
import type { VerdictConfig } from '../core/verdict.ts'
import type { ListedKey } from '../storage/key-store.ts'
import type { KeyAttributes } from './attributes.ts'
import type { GrantRefusal, Refusal } from './refusal.ts'

type Settings = { config: VerdictConfig; clock: Clock }
type Key = Omit<KeyPowers, 'inheritsFrom' | 'environment'> &
  Pick<ListedKey, 'creatorRole' | 'format'>
type StoredKey = Key & Pick<ListedKey, 'id' | 'replacedBy'>

function powersOf(key: Key, config: VerdictConfig): KeyPowers {
  const environment = environmentOf(key.format, config)
  return { ...key, inheritsFrom: strongestRole(key.creatorRole), environment }
}

/** Why the caller may not make a key like this now; null when they may. */
export function refuseGrant(
  { actor }: Caller,
  key: Key,
  { config, clock }: Settings,
): GrantRefusal | null {
  const powers = powersOf(key, config)
  const nowMs = clock.now()
  const detail = grantRefusal(actor, powers, config, nowMs)
  if (detail !== null) return refusedGrant(actor, detail)
  const lacking = platformKeyError(powers, nowMs)
  return lacking === null ? refuseUnproved(actor, powers) : { reason: 'platform', ...lacking }
}

/** After the powers: without them step-up would not help. */
function refuseUnproved(actor: Actor, powers: KeyPowers): GrantRefusal | null {
  if (actor.kind === 'key' || actor.isSteppedUp || !needsStepUp(powers)) return null
  return { reason: 'step_up', credential: actor.credential }
}

/**
 * Why the caller may not change the key so; null when they may. A key that was rotated never comes back.
 * `isGrant`: the change needed more than that it tightens.
 */
export function refuseChange(
  caller: Caller,
  before: StoredKey,
  after: StoredKey,
  settings: Settings,
): { refused: Refusal } | { isGrant: boolean } {
  const untouchable = refuseUntouchable(caller, before, settings)
  if (untouchable !== null) return { refused: untouchable }
  const { config } = settings
  const isTighter = onlyTightens(powersOf(before, config), powersOf(after, config), config)
  if (isTighter) return { isGrant: false }
  const { replacedBy } = before
  if (replacedBy !== null) return { refused: { reason: 'replaced', replacedBy } }
  const refused = refuseGrant(caller, after, settings)
  return refused === null ? { isGrant: true } : { refused }
}

/** Why the caller changes nothing of the key, not even to tighten it; null where they may. */
export function refuseUntouchable(
  caller: Caller,
  key: StoredKey,
  settings: Settings,
): Refusal | null {
  const { actor } = caller
  const isCustomer = actor.kind === 'key' && actor.portal !== undefined
  // A customer only reads what they could not have made.
  return refuseReserved(caller, key) ?? (isCustomer ? refuseGrant(caller, key, settings) : null)
}

/** A managing key changes no key with reserved scopes but itself: it could end its own overseers. */
export function refuseReserved(
  { actor }: Caller,
  key: Pick<StoredKey, 'id' | 'scopes'>,
): Refusal | null {
  if (actor.kind === 'person' || isItself(actor, key)) return null
  const reserved = reservedIn(key.scopes ?? [])
  return reserved.length === 0
    ? null
    : refusedGrant(actor, `Only people change keys with ${reserved.join(' and ')}.`)
}

/** A key with bounds reads the keys within them, and itself. */
export function isVisible(
  actor: Actor,
  key: Omit<StoredKey, 'replacedBy'>,
  { config, clock }: Settings,
): boolean {
  if (actor.kind === 'person' || actor.mayGrant === null || isItself(actor, key)) return true
  if (actor.portal) return key.externalId === actor.portal.externalId
  return beyondBounds(actor.mayGrant, powersOf(key, config), config, clock.now()) === null
}

function refusedGrant(actor: Actor, detail: string): GrantRefusal {
  return { reason: 'grant', detail, actor: actor.kind }
}

/** Who makes a key, and whose grant it is. */
export function grantor(actor: Actor): { madeBy: string; grantedBy: string | null } {
  return actor.kind === 'person'
    ? { madeBy: actor.id, grantedBy: actor.id }
    : { madeBy: actor.rootId, grantedBy: null }
}

/** As `refuseGrant`, for a new key, which inherits from its maker. */
export function refuseNewKey(
  caller: Caller,
  { formatName, ...attributes }: KeyAttributes & { formatName: string },
  settings: Settings,
) {
  const { actor } = caller
  const creatorRole = actor.kind === 'person' ? actor.role : null
  const credits = attributes.credits && creditTerms(null, attributes.credits, settings.clock.now())
  const key = { ...attributes, format: formatName, creatorRole, credits, disabled: false }
  return refuseGrant(caller, key, settings)
}

const managing = ['keys:manage', 'keys:portal', 'platform:manage']

/** Only a key that manages keys grants anything. */
export function isUnusedMayGrant({ scopes, mayGrant }: Pick<Key, 'scopes' | 'mayGrant'>): boolean {
  return mayGrant !== null && !managing.some((scope) => scopes?.includes(scope))
}
