// What an object must answer: between what it acknowledged and all that was sent, each message once.

import { compareValues } from '../../../src/usage/group-order.ts'
import type { UsageRow } from '../../../src/usage/message.ts'
import type {
  GroupPosition,
  GroupTotal,
  UsageDay,
  UsageGroup,
  UsagePart,
  UsageSpan,
} from '../../../src/usage/usage-calls.ts'
import type { UsageHost } from './host.ts'

/** A message, by the objects that hold its parts. */
export type Sent = { id: string; sentAt: number; parts: Map<string, UsagePart> }

export const always: UsageSpan = { from: 0, to: 8e15 }
const dayMs = 24 * 60 * 60 * 1000
const hourMs = dayMs / 24

type Sums = Map<string, number>

function add(sums: Sums, name: string, count: number): void {
  sums.set(name, (sums.get(name) ?? 0) + count)
}

export class Oracle {
  readonly sent = new Map<string, Sent>()
  /** The account that is forgotten while it is counted. */
  doomed: string | null = null
  private readonly fail: (rule: string, detail: string) => void

  constructor(fail: (rule: string, detail: string) => void) {
    this.fail = fail
  }

  /** The newest successful use of a key; of those that an object acknowledged, if one is given. */
  lastValid(keyId: string, host: UsageHost | null = null): number {
    let at = 0
    for (const { id, parts } of this.sent.values()) {
      for (const [name, { accounts }] of parts) {
        if (host !== null && (name !== host.name || !host.durableIds.has(id))) continue
        for (const row of Object.values(accounts).flat()) {
          if (row[0] === keyId && row[2] === 'valid') at = Math.max(at, row[4])
        }
      }
    }
    return at
  }

  /** Compares everything that an object answers about an account. */
  check(host: UsageHost, accountId: string, span: UsageSpan): void {
    const read = host.read()
    const [least, most]: [Sums, Sums] = [new Map(), new Map()]
    this.eachRow(host, accountId, ([keyId, hour, code, count], isStored) => {
      add(most, `${keyId} ${hour} ${code}`, count)
      if (isStored) add(least, `${keyId} ${hour} ${code}`, count)
    })
    const answered: Sums = new Map()
    for (const keyId of new Set([...most.keys()].map((name) => name.split(' ')[0] ?? ''))) {
      for (const { time, code, count } of read.ofKey(accountId, keyId, always)) {
        add(answered, `${keyId} ${time} ${code}`, count)
      }
      this.checkLastUsed(host, accountId, keyId)
    }
    this.compare(`${host.name} ${accountId}`, answered, least, most)
    // Half forgotten, its rows of groups differ from those of its keys.
    if (accountId === this.doomed) return
    const pages: Sums = new Map()
    for (const day of pagesOf(host, accountId)) addDay(pages, day)
    this.same('days equal the counts of keys', pages, answered)
    this.checkGroups(host, accountId, answered, span)
  }

  private checkGroups(host: UsageHost, accountId: string, answered: Sums, span: UsageSpan): void {
    const read = host.read()
    const account: Sums = new Map()
    for (const { time, code, count } of read.ofAccount(accountId, span)) {
      add(account, `${time} ${code}`, count)
    }
    const byHour: Sums = new Map()
    const byCode: Sums = new Map()
    for (const [name, count] of answered) {
      const [, time, code] = name.split(' ')
      if (Number(time) < span.from || Number(time) >= span.to) continue
      add(byHour, `${time} ${code}`, count)
      add(byCode, code ?? '', count)
    }
    this.same('the account equals its keys', account, byHour)
    for (const group of ['key', 'external_id', 'environment'] as const) {
      const totals = groupTotals(read, accountId, group, span)
      this.same(`groups by ${group} equal the account`, codesOf(totals), byCode)
    }
    this.checkExternalIds(host, accountId)
  }

  private checkExternalIds(host: UsageHost, accountId: string): void {
    const [least, most]: [Sums, Sums] = [new Map(), new Map()]
    this.eachRow(host, accountId, ([, , code, count, , externalId, environment], isStored) => {
      for (const name of [`${externalId} ${code}`, `in ${environment} ${code}`]) {
        add(most, name, count)
        if (isStored) add(least, name, count)
      }
    })
    const answered: Sums = new Map()
    const read = host.read()
    for (const { value, counts } of groupTotals(read, accountId, 'external_id', always)) {
      for (const [code, count] of Object.entries(counts)) add(answered, `${value} ${code}`, count)
    }
    for (const { value, counts } of groupTotals(read, accountId, 'environment', always)) {
      for (const [code, count] of Object.entries(counts))
        add(answered, `in ${value} ${code}`, count)
    }
    this.compare(`groups of ${host.name}`, answered, least, most)
  }

  checkTiers(host: UsageHost): void {
    const [least, most]: [Sums, Sums] = [new Map(), new Map()]
    for (const { id, parts } of this.sent.values()) {
      for (const [, region, tier, count] of parts.get(host.name)?.tiers ?? []) {
        add(most, `${region} ${tier}`, count)
        if (host.durableIds.has(id)) add(least, `${region} ${tier}`, count)
      }
    }
    const rows = host.read().tiers(0)
    const answered = new Map(rows.map(({ region, tier, count }) => [`${region} ${tier}`, count]))
    this.compare(`tiers of ${host.name}`, answered, least, most)
  }

  private checkLastUsed(host: UsageHost, accountId: string, keyId: string): void {
    const [[, at] = ['', 0]] = host.read().lastUsed(accountId, [keyId])
    if (at > this.lastValid(keyId)) this.fail('a last use is a use', `${keyId} at ${at}`)
    if (accountId !== this.doomed && at < this.lastValid(keyId, host)) {
      this.fail('the last use is not older', `${keyId} at ${at}`)
    }
  }

  private eachRow(
    host: UsageHost,
    accountId: string,
    visit: (row: UsageRow, isStored: boolean) => void,
  ): void {
    const forgotten = host.forgotten.get(accountId)
    for (const { id, parts } of this.sent.values()) {
      // What was stored before is gone; what arrives later is stored anew, until it is forgotten again.
      if (forgotten?.has(id)) continue
      const isStored = host.durableIds.has(id) && accountId !== this.doomed
      for (const row of parts.get(host.name)?.accounts[accountId] ?? []) visit(row, isStored)
    }
  }

  private compare(what: string, answered: Sums, least: Sums, most: Sums): void {
    for (const name of new Set([...answered.keys(), ...most.keys()])) {
      const count = answered.get(name) ?? 0
      if (count > (most.get(name) ?? 0)) {
        this.fail('never counted twice', `${what}: ${name} ${count} of ${most.get(name) ?? 0}`)
      }
      if (count < (least.get(name) ?? 0)) {
        this.fail('nothing is lost', `${what}: ${name} ${count} of ${least.get(name)}`)
      }
    }
  }

  private same(rule: string, left: Sums, right: Sums): void {
    const text = (sums: Sums) => JSON.stringify([...sums].sort())
    if (text(left) !== text(right)) this.fail(rule, `${text(left)} and ${text(right)}`)
  }
}

function addDay(sums: Sums, { keyId, day, counts }: UsageDay): void {
  for (const [code, hours] of Object.entries(counts)) {
    hours.forEach((count, hour) => {
      if (count > 0) add(sums, `${keyId} ${day + hour * hourMs} ${code}`, count)
    })
  }
}

function pagesOf(host: UsageHost, accountId: string): UsageDay[] {
  const days: UsageDay[] = []
  let after: UsageDay | null = null
  for (;;) {
    const page = host.read().days(accountId, after, 2)
    days.push(...page)
    after = page.at(-1) ?? null
    if (after === null || days.length > 1_000) return days
  }
}

function codesOf(totals: GroupTotal[]): Sums {
  const sums: Sums = new Map()
  for (const { counts } of totals) {
    for (const [code, count] of Object.entries(counts)) add(sums, code, count)
  }
  return sums
}

type Reads = ReturnType<UsageHost['read']>

/** All values of a group, page by page, with their codes: as a reader of several objects asks for them. */
function groupTotals(read: Reads, accountId: string, group: UsageGroup, span: UsageSpan) {
  const values: (string | null)[] = []
  const sums: number[] = []
  let after: GroupPosition = null
  do {
    const { totals, next } = read.totals(accountId, group, span, after)
    values.push(...totals.map(([value]) => value))
    sums.push(...totals.map(([, sum]) => sum))
    if (next !== null && after !== null && compareValues(next.value, after.value) <= 0) break
    after = next
  } while (after !== null)
  const byValue = new Map(
    read.ofGroup(accountId, group, values, span).map((total) => [total.value, total]),
  )
  // Out of order, twice, or with another sum: then the codes do not count either.
  const isRight = values.every((value, at) => {
    const counts = Object.values(byValue.get(value)?.counts ?? {})
    const isNext = at === 0 || compareValues(values[at - 1] ?? null, value) < 0
    return isNext && counts.reduce((sum, count) => sum + count, 0) === sums[at]
  })
  return isRight ? [...byValue.values()] : []
}
