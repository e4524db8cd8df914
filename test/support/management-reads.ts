// Every read of the management API whose rows belong to one account: what it costs must not grow with them. The test of
// query plans and bench/scale.ts run the same ones.

import type { MayGrant } from '../../src/core/actor.ts'
import { scopesThatCover } from '../../src/core/scope-grants.ts'
import { type AuditFilter, listEvents } from '../../src/storage/audit-log.ts'
import { type KeyFilter, type KeySort, sortColumns } from '../../src/storage/key-filter.ts'
import { listKeys } from '../../src/storage/key-list.ts'
import { type Reach, wholeAccount } from '../../src/storage/key-reach.ts'
import { findKey, findKeyByDigest, findManager } from '../../src/storage/key-store.ts'
import { summariseKeys } from '../../src/storage/key-summary.ts'
import { missingFrom } from '../../src/storage/named-keys.ts'
import config from './latchkey.config.ts'

export type Place = {
  d1: D1Database
  accountId: string
  /** Who made the keys and caused the events; of a few events, `rareActor`. */
  creator: string
  rareActor: string
  keyId: string
  keyDigest: string
  externalId: string
  keyPrefix: string
  nowMs: number
}

export type Read = () => Promise<unknown>

const dayMs = 24 * 60 * 60_000
const bounds: MayGrant = {
  ...{ scopes: null, environments: null, maxLifetime: null, rateLimit: null, maxKeys: null },
  externalIds: ['no such customer'],
}

/** Of a key with bounds that no other key meets. */
export function boundedReach({ accountId, keyId, nowMs }: Place): Reach {
  return { accountId, manager: { id: keyId, bounds, isForeign: false, config, nowMs } }
}

export const listOrders: (KeySort | undefined)[] = [
  undefined,
  ...sortColumns.flatMap((by) => [
    { by, isDescending: true },
    { by, isDescending: false },
  ]),
]

export function nameOf(sort: KeySort | undefined): string {
  return sort === undefined ? 'no order' : `${sort.isDescending ? '-' : ''}${sort.by}`
}

/** By name; `bounded` is of a key that reads only keys within its bounds. */
export function listFilters(place: Place): Record<string, KeyFilter> {
  const { creator, externalId, keyPrefix, nowMs } = place
  return {
    all: {},
    active: { status: 'active' },
    expired: { status: 'expired' },
    revoked: { status: 'revoked' },
    disabled: { status: 'disabled' },
    'for review': { needsReview: true },
    'an external id': { externalId },
    'a creator': { createdBy: creator },
    'expires soon': { expiresBefore: nowMs + 30 * dayMs },
    unused: { unusedSince: nowMs - 90 * dayMs },
    'disabled, of a creator': { status: 'disabled', createdBy: creator },
    'the environment live': { environment: { name: 'live', formats: config } },
    'the environment test': { environment: { name: 'test', formats: config } },
    'a scope': { scopes: scopesThatCover('contacts:read#42', config.scopes) },
    'search: many': { search: 'number' },
    'search: none': { search: 'no such key' },
    'search: an external id': { search: externalId },
    'search: a prefix': { search: keyPrefix },
    bounded: {},
  }
}

/** The first page in each order with each filter, and the second. */
export function keyListReads(place: Place): Record<string, Read> {
  const { d1, accountId, nowMs } = place
  const whole = wholeAccount(accountId)
  const bounded = boundedReach(place)
  const reads = listOrders.flatMap((sort) =>
    Object.entries(listFilters(place)).map(([name, filter]): [string, Read] => {
      const listing = {
        reach: name === 'bounded' ? bounded : whole,
        filter,
        sort,
        limit: 50,
        nowMs,
      }
      const read = async () => {
        const { next } = await listKeys(d1, { ...listing, after: null })
        if (next !== null) await listKeys(d1, { ...listing, after: next })
      }
      return [`keys: ${name}, ${nameOf(sort)}`, read]
    }),
  )
  return Object.fromEntries(reads)
}

/** `after`: an event in the middle of the trail. */
export function auditReads(
  place: Place,
  after: { createdAt: number; id: string } | null,
): Record<string, Read> {
  const { d1, accountId, creator, rareActor, keyId, nowMs } = place
  const whole = wholeAccount(accountId)
  const bounded = boundedReach(place)
  const manager = { id: 'platform', bounds: null, isForeign: true, config, nowMs }
  const platform = { accountId, manager }
  const list =
    (filter: AuditFilter, from: typeof after, reach = whole, limit = 50): Read =>
    () =>
      listEvents(d1, reach, filter, { limit, after: from })
  return {
    'events: first page': list({}, null),
    'events: in the middle': list({}, after),
    'events: of a key': list({ keyId }, null),
    'events: of an actor': list({ actorId: creator }, after),
    'events: of a rare actor': list({ actorId: rareActor }, null),
    'events: an action': list({ action: 'key.created' }, after),
    'events: a rare action': list({ action: 'key.rotated' }, null),
    'events: an action of a rare actor': list({ actorId: rareActor, action: 'key.updated' }, null),
    'events: a rare action of an actor': list({ actorId: creator, action: 'key.rotated' }, null),
    'events: bounded': list({}, null, bounded),
    'events: by the platform': list({}, after, platform),
    'events: an action, by the platform': list({ action: 'key.rotated' }, null, platform),
    ...spanReads(place, after?.createdAt ?? nowMs),
    'events: exported': list({}, after, whole, 500),
  }
}

/** Of spans that end before the newest events, first pages and those after them. */
function spanReads(place: Place, to: number): Record<string, Read> {
  const { d1, accountId, creator } = place
  const whole = wholeAccount(accountId)
  const bounded = boundedReach(place)
  const pages =
    (filter: AuditFilter, reach = whole): Read =>
    async () => {
      const span = { ...filter, from: to - 10_000, to }
      const { rows } = await listEvents(d1, reach, span, { limit: 50, after: null })
      const last = rows.at(-1)
      if (last !== undefined) await listEvents(d1, reach, span, { limit: 50, after: last })
    }
  return {
    'events: a span': pages({}),
    'events: a span of an action': pages({ action: 'key.created' }),
    'events: a span of a rare action of an actor': pages({
      actorId: creator,
      action: 'key.rotated',
    }),
    'events: a span, bounded': pages({}, bounded),
  }
}

export function otherReads(place: Place): Record<string, Read> {
  const { d1, accountId, creator, keyId, keyDigest, externalId, nowMs } = place
  const whole = wholeAccount(accountId)
  const bounded = boundedReach({ ...place, keyId: 'no key' })
  const exported = { reach: whole, filter: {}, limit: 500, after: null, nowMs }
  return {
    'one key': () => findKey(d1, accountId, keyId),
    'a key by its token': () => findKeyByDigest(d1, accountId, keyDigest),
    'a managing key': () => findManager(d1, keyId, accountId),
    'keys: exported': () => listKeys(d1, exported),
    'missing: ids': () => missingFrom(d1, whole, { by: 'ids', ids: [keyId, 'none'] }, 0),
    'missing: a creator': () => missingFrom(d1, whole, { by: 'creator', createdBy: creator }, 0),
    'missing: an external id': () => missingFrom(d1, whole, { by: 'externalId', externalId }, 0),
    'missing: a creator, bounded': () =>
      missingFrom(d1, bounded, { by: 'creator', createdBy: creator }, 0),
  }
}

/** Of all keys, and of keys that read those within their bounds: one that an index knows, and one that none knows. */
export function summaryReads(place: Place): Record<string, Read> {
  const { d1, accountId, keyId, nowMs, externalId } = place
  const times = { now: nowMs, soon: nowMs + 7 * dayMs, since: nowMs - 90 * dayMs }
  const read = (reach: Reach) => () => summariseKeys(d1, reach, config, times)
  const within = (more: Partial<MayGrant>): Reach => {
    const all = { ...bounds, externalIds: null, ...more }
    return { accountId, manager: { id: keyId, bounds: all, isForeign: false, config, nowMs } }
  }
  return {
    'summary: all': read(wholeAccount(accountId)),
    'summary: within an external id': read(within({ externalIds: [externalId] })),
    'summary: within an external id of no key': read(within({ externalIds: ['no such customer'] })),
    'summary: within an environment': read(within({ environments: ['test'] })),
    'summary: within scopes': read(within({ scopes: ['contacts:*'] })),
  }
}
