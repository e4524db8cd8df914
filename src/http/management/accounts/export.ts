// The data of an account as lines of JSON, read page by page while it is sent. It never contains a digest, a
// token or a password. The last line counts the others, so that an incomplete export can be detected.
import { findAccount, listMembers } from '../../../storage/account-store.ts'
import { listEvents } from '../../../storage/audit-log.ts'
import { type KeyPage, listKeys } from '../../../storage/key-list.ts'
import type { KeyPosition } from '../../../storage/key-place.ts'
import { wholeAccount } from '../../../storage/key-reach.ts'
import type { UsageReader } from '../../../usage/reader.ts'
import type { UsageDay } from '../../../usage/usage-calls.ts'
import { isoTime } from '../../routing/time.ts'
import type { AppSettings } from '../../services.ts'
import { viewOf } from '../keys/key-schema.ts'
import { auditView } from './audit-events.ts'

const pageSize = 500
const hourMs = 60 * 60 * 1000

type Line = { type: string } & Record<string, unknown>

/** @throws (the stream) when a store does not answer. */
export function exportAccount(
  d1: D1Database,
  usage: Pick<UsageReader, 'days'>,
  accountId: string,
  settings: AppSettings,
): ReadableStream<Uint8Array> {
  const pages = allPages(d1, usage, accountId, settings)
  const encoder = new TextEncoder()
  return new ReadableStream({
    async pull(controller) {
      const { done, value } = await pages.next()
      if (done) return controller.close()
      controller.enqueue(encoder.encode(value.map((line) => `${JSON.stringify(line)}\n`).join('')))
    },
    async cancel() {
      await pages.return(undefined)
    },
  })
}

async function* allPages(
  d1: D1Database,
  usage: Pick<UsageReader, 'days'>,
  accountId: string,
  settings: AppSettings,
): AsyncGenerator<Line[]> {
  const nowMs = settings.clock.now()
  const counts: Record<string, number> = {}
  const sections = [
    peoplePages(d1, accountId, nowMs),
    keyPages(d1, accountId, settings),
    eventPages(d1, accountId),
    usagePages(usage, accountId, nowMs),
  ]
  for (const section of sections) {
    for await (const page of section) {
      for (const { type } of page) counts[type] = (counts[type] ?? 0) + 1
      if (page.length > 0) yield page
    }
  }
  yield [{ type: 'end', lines: counts }]
}

async function* peoplePages(d1: D1Database, accountId: string, nowMs: number) {
  const account = await findAccount(d1, accountId)
  if (account === null) return
  const { id, name, createdAt } = account
  const members = await listMembers(d1, accountId)
  yield [
    {
      type: 'account',
      id,
      name,
      created_at: isoTime(createdAt.getTime()),
      exported_at: isoTime(nowMs),
    },
    ...members.map(({ userId, createdAt: since, secondFactor, ...person }) => ({
      type: 'member',
      id: userId,
      ...person,
      has_factor: secondFactor === 1,
      since: isoTime(since.getTime()),
    })),
  ]
}

async function* keyPages(d1: D1Database, accountId: string, settings: AppSettings) {
  const nowMs = settings.clock.now()
  let after: KeyPosition | null = null
  do {
    const page: KeyPage = await listKeys(d1, {
      ...{ reach: wholeAccount(accountId), filter: {}, limit: pageSize, after, nowMs },
    })
    // The credit balances are in the meters, which are not queried.
    yield page.rows.map((key) => ({ type: 'key', ...viewOf(key, null, settings) }))
    after = page.next
  } while (after !== null)
}

async function* eventPages(d1: D1Database, accountId: string) {
  const list = (after: { createdAt: number; id: string } | null) =>
    listEvents(d1, wholeAccount(accountId), {}, { limit: pageSize, after }).then(({ rows }) => rows)
  for await (const events of paged(list)) {
    yield events.map((event) => ({ type: 'audit_event', ...auditView(event) }))
  }
}

async function* usagePages(usage: Pick<UsageReader, 'days'>, accountId: string, nowMs: number) {
  for await (const days of usage.days(accountId, nowMs)) yield days.flatMap(hoursOf)
}

/** A line for each hour and code with requests. */
function hoursOf({ keyId, day, counts }: UsageDay): Line[] {
  const lines: Line[] = []
  for (const [code, hours] of Object.entries(counts)) {
    for (const [hour, count] of hours.entries()) {
      if (count === 0) continue
      const time = isoTime(day + hour * hourMs)
      lines.push({ type: 'usage', key_id: keyId, hour: time, code, count })
    }
  }
  return lines
}

/** Yields page after page, each starting after the previous one. */
async function* paged<Row>(list: (after: Row | null) => Promise<Row[]>): AsyncGenerator<Row[]> {
  let last: Row | null = null
  do {
    const page: Row[] = await list(last)
    yield page
    last = page.length < pageSize ? null : (page.at(-1) ?? null)
  } while (last !== null)
}
