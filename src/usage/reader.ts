// Reads usage over the objects of a span: one a month and shard. An object that does not answer fails the whole read
// (StoreUnavailable), so that nothing is taken for zero.
import { StoreUnavailable } from '../storage/unavailable.ts'
import { usageLifetimeMs } from './bounds.ts'
import { largestValues } from './largest.ts'
import type { UsageStores } from './objects.ts'
import { inSteps, largestOf, type UsageSteps } from './series.ts'
import { endOfMonth, monthOf, nameOf, namesIn } from './shards.ts'
import type {
  GroupPosition,
  GroupTotal,
  UsageCount,
  UsageDay,
  UsageGroup,
  UsageSpan,
} from './usage-calls.ts'

export type TierTotal = { region: string; tier: string; count: number }

export type UsageReader = {
  /** Requests by step and code, without zeros, oldest first. */
  ofKey(accountId: string, keyId: string, span: UsageSteps): Promise<UsageCount[]>
  /** By key, of those that have any requests. */
  ofKeys(
    accountId: string,
    keyIds: readonly string[],
    span: UsageSteps,
  ): Promise<Map<string, UsageCount[]>>
  ofAccount(accountId: string, span: UsageSteps): Promise<UsageCount[]>
  /** The values with the most requests in the span, largest first, at most `top`. @throws TooManyValues */
  byGroup(accountId: string, group: UsageGroup, span: UsageSpan, top: number): Promise<GroupTotal[]>
  /** When each key was last used successfully (ms), of those that were used of late. Never throws. */
  lastUsed(
    accountId: string,
    keyIds: readonly string[],
    nowMs: number,
  ): Promise<Map<string, number>>
  /** Verifications of the last 24 hours, largest count first. */
  tiers(nowMs: number): Promise<TierTotal[]>
  /** All days of an account that are kept, page by page. */
  days(accountId: string, nowMs: number): AsyncGenerator<UsageDay[]>
  /** Deletes a part of what is kept of an account; whether nothing is left. */
  forget(accountId: string, nowMs: number): Promise<boolean>
}

const dayMs = 24 * 60 * 60 * 1000
/** Days in a page, each with up to 24 hours of each code. */
const daysInPage = 100
/** D1 knows uses that are older: objects fold them after 6 hours. */
const unfoldedMs = dayMs
/** Objects that delete a part at the same time. */
const maxForgetting = 20

export function createUsageReader(stores: UsageStores): UsageReader {
  const { objects, shards } = stores
  return {
    async ofKey(accountId, keyId, { from, to, stepMs }) {
      const names = monthsOf({ from, to }).map((month) => nameOf(shards, keyId, month))
      const counts = names.map((name) => objects(name).ofKey(accountId, keyId, { from, to }))
      return inSteps((await Promise.all(counts)).flat(), stepMs)
    },
    async ofKeys(accountId, keyIds, { from, to, stepMs }) {
      const asked = objectsOf(stores, keyIds, { from, to })
      const lists = asked.map(([name, ids]) => objects(name).ofKeys(accountId, ids, { from, to }))
      const byKey = Map.groupBy((await Promise.all(lists)).flat(), ([keyId]) => keyId)
      const steps = [...byKey].map(([keyId, of]): [string, UsageCount[]] => [
        keyId,
        inSteps(
          of.flatMap(([, counts]) => counts),
          stepMs,
        ),
      ])
      return new Map(steps)
    },
    async ofAccount(accountId, { from, to, stepMs }) {
      const names = namesOf(stores, { from, to })
      const counts = names.map((name) => objects(name).ofAccount(accountId, { from, to }))
      return inSteps((await Promise.all(counts)).flat(), stepMs)
    },
    async byGroup(accountId, group, { from, to }, top) {
      const asked = namesOf(stores, { from, to }).map((name) => objects(name))
      const pages = asked.map(
        (object) => (after: GroupPosition) => object.totals(accountId, group, { from, to }, after),
      )
      const values = await largestValues(pages, top)
      const lists = asked.map((object) => object.ofGroup(accountId, group, values, { from, to }))
      return largestOf((await Promise.all(lists)).flat(), top)
    },
    lastUsed: (accountId, keyIds, nowMs) => lastUses(stores, { accountId, keyIds, nowMs }),
    async tiers(nowMs) {
      const from = nowMs - dayMs
      const asked = monthsOf({ from, to: nowMs + 1 }).map((month) => {
        const [first = ''] = namesIn(shards, monthOf(month))
        return objects(first).tiers(from)
      })
      return sumTiers((await Promise.all(asked)).flat())
    },
    days: (accountId, nowMs) => walk(stores, accountId, nowMs),
    forget: (accountId, nowMs) => forget(stores, accountId, nowMs),
  }
}

/** Each object that may hold requests of these keys, with those of them that it holds. */
function objectsOf({ shards }: UsageStores, keyIds: readonly string[], span: UsageSpan) {
  return monthsOf(span).flatMap((month) => [
    ...Map.groupBy(keyIds, (keyId) => nameOf(shards, keyId, month)),
  ])
}

async function lastUses(
  stores: UsageStores,
  of: { accountId: string; keyIds: readonly string[]; nowMs: number },
): Promise<Map<string, number>> {
  const { accountId, keyIds, nowMs } = of
  const asked = objectsOf(stores, keyIds, { from: nowMs - unfoldedMs, to: nowMs + 1 })
  const newest = new Map<string, number>()
  const asking = asked.map(async ([name, ids]) => {
    const uses = await stores.objects(name).lastUsed(accountId, ids).catch(ignoreOutage)
    for (const [id, at] of uses) newest.set(id, Math.max(at, newest.get(id) ?? 0))
  })
  await Promise.all(asking)
  return newest
}

async function* walk(
  stores: UsageStores,
  accountId: string,
  nowMs: number,
): AsyncGenerator<UsageDay[]> {
  for (const name of namesOf(stores, keptSpan(nowMs))) {
    let after: UsageDay | null = null
    do {
      const page: UsageDay[] = await stores.objects(name).days(accountId, after, daysInPage)
      yield page
      after = page.length < daysInPage ? null : (page.at(-1) ?? null)
    } while (after !== null)
  }
}

async function forget(stores: UsageStores, accountId: string, nowMs: number): Promise<boolean> {
  const names = namesOf(stores, keptSpan(nowMs))
  // The next run asks again from the first, which costs a call for each object that holds nothing more.
  for (let at = 0; at < names.length; at += maxForgetting) {
    const chunk = names.slice(at, at + maxForgetting)
    const done = await Promise.all(chunk.map((name) => stores.objects(name).forget(accountId)))
    if (!done.every(Boolean)) return false
  }
  return true
}

function namesOf({ shards }: UsageStores, span: UsageSpan): string[] {
  return monthsOf(span).flatMap((month) => namesIn(shards, monthOf(month)))
}

/** All that may be kept: an object is deleted when the last hour of its month is too old. */
function keptSpan(nowMs: number): UsageSpan {
  return { from: nowMs - usageLifetimeMs, to: nowMs + dayMs }
}

/** The first ms of each month that a span has a part in. */
function monthsOf({ from, to }: UsageSpan): number[] {
  const months: number[] = []
  const first = new Date(from)
  let month = Date.UTC(first.getUTCFullYear(), first.getUTCMonth())
  for (; month < to; month = endOfMonth(month)) months.push(month)
  return months
}

function sumTiers(all: readonly TierTotal[]): TierTotal[] {
  const sums = new Map<string, TierTotal>()
  for (const { region, tier, count } of all) {
    const entry = `${region} ${tier}`
    sums.set(entry, { region, tier, count: count + (sums.get(entry)?.count ?? 0) })
  }
  return [...sums.values()].sort((one, other) => other.count - one.count)
}

/** D1's value stands. */
function ignoreOutage(cause: unknown): [string, number][] {
  if (cause instanceof StoreUnavailable) return []
  throw cause
}
