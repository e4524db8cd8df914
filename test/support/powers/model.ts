// "Powers" of the contract (api.md) as a model: written from its text, not from src/core/grant.ts, and compared with
// the running app by test/worker/powers-sequences.test.ts.
import type { Bounds, Row, Window } from './rows.ts'

export type ModelActor =
  | { kind: 'person'; id: string; accountId: string; role: 'owner' | 'admin' | 'member' }
  /** `row`: as it is when it calls. */
  | { kind: 'key'; row: Row }

const reserved = ['keys:manage', 'keys:verify']

export const accountOf = (actor: ModelActor) =>
  actor.kind === 'person' ? actor.accountId : actor.row.accountId

/** The first key of the rotations of a key. */
export const rootOf = (row: Row) => row.meterId ?? row.id

export const holdsReserved = (row: Row) => row.scopes?.some((s) => reserved.includes(s)) ?? false

/** Could the actor now create this key, all fields together? */
export function couldCreate(actor: ModelActor, key: Row, nowMs: number): boolean {
  if (key.accountId !== accountOf(actor)) return false
  if (actor.kind === 'key') {
    const { mayGrant } = actor.row
    if (mayGrant === null || key.scopes === null || key.mayGrant !== null) return false
    return !holdsReserved(key) && isWithin(mayGrant, key, nowMs)
  }
  if (actor.role === 'owner') return true
  return actor.role === 'admin' && !holdsReserved(key) && key.mayGrant === null
}

/** Each bound alone; null is no bound. */
export function isWithin(bounds: Bounds, key: Row, nowMs: number): boolean {
  const { scopes, environments, externalIds, maxLifetime, rateLimit } = bounds
  if (scopes !== null && !key.scopes?.every((s) => scopes.includes(s))) {
    return false
  }
  // Every format is live.
  if (environments !== null && !environments.includes('live')) return false
  if (externalIds !== null && !externalIds.includes(key.externalId ?? '\0')) return false
  if (maxLifetime !== null && lastMs(key) > nowMs + maxLifetime * 1_000) return false
  return rateLimit === null || (key.rateLimit !== null && areTighter(rateLimit, key.rateLimit))
}

const lastMs = ({ expiresAt }: Row) => (expiresAt === null ? Number.POSITIVE_INFINITY : expiresAt)

/** Does `after` only tighten `before`? */
export function tightens(before: Row, after: Row): boolean {
  const same = (field: keyof Row) => JSON.stringify(before[field]) === JSON.stringify(after[field])
  const kept = ['accountId', 'credits', 'limitsBy', 'externalId', 'metadata', 'mayGrant'] as const
  if (!kept.every(same)) return false
  if (after.scopes === null && before.scopes !== null) return false
  if (after.scopes?.some((scope) => !before.scopes?.includes(scope))) return false
  if (lastMs(after) > lastMs(before)) return false
  if (before.disabled && !after.disabled) return false
  if (before.allowedIps !== null) {
    const blocks = before.allowedIps
    if (after.allowedIps === null) return false
    if (!after.allowedIps.every((ip) => blocks.some((block) => isInside(ip, block)))) return false
  }
  if (before.rateLimit === null) return true
  return after.rateLimit !== null && areTighter(before.rateLimit, after.rateLimit)
}

/** The same windows by name and length, no limit higher, windows added. */
function areTighter(before: readonly Window[], after: readonly Window[]): boolean {
  for (const old of before) {
    const window = after.find(({ name }) => name === old.name)
    if (window === undefined || window.windowSeconds !== old.windowSeconds) return false
    if (window.limit > old.limit) return false
  }
  return true
}

/** Of IPv4 addresses and blocks. */
function isInside(inner: string, outer: string): boolean {
  const [from, to] = rangeOf(outer)
  const [first, last] = rangeOf(inner)
  return first >= from && last <= to
}

function rangeOf(block: string): [number, number] {
  const [address = '', length = '32'] = block.split('/')
  const start = address.split('.').reduce((sum, part) => sum * 256 + Number(part), 0)
  return [start, start + 2 ** (32 - Number(length)) - 1]
}

/** Does the actor read the key? A managing key with bounds reads those within them, and itself. */
export function reads(actor: ModelActor, key: Row, nowMs: number): boolean {
  if (key.accountId !== accountOf(actor)) return false
  if (actor.kind === 'person' || actor.row.id === key.id) return true
  return actor.row.mayGrant === null || isWithin(actor.row.mayGrant, key, nowMs)
}

/** A managing key changes no key with reserved scopes but itself. */
export function mayTouch(actor: ModelActor, key: Row): boolean {
  return actor.kind === 'person' || actor.row.id === key.id || !holdsReserved(key)
}

/** Has the managing key room for one more key that it makes? */
export function hasRoom(actor: ModelActor, rows: readonly Row[]): boolean {
  if (actor.kind === 'person' || actor.row.mayGrant === null) return true
  const { maxKeys } = actor.row.mayGrant
  return maxKeys === null || madeBy(rootOf(actor.row), rows) < maxKeys
}

/** The unrevoked keys that a managing key made: without its own successors, and of rotations the newest. */
export function madeBy(root: string, rows: readonly Row[]): number {
  return rows.filter(
    (row) =>
      row.madeBy === root &&
      row.revokedAt === null &&
      row.replacedBy === null &&
      rootOf(row) !== root,
  ).length
}
