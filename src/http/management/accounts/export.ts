// The data of an account as lines of JSON, read page by page while it is sent. It never contains a digest, a
// token or a password. The last line counts the others, so that an incomplete export can be detected.
import { findAccount, listMembers } from '../../../storage/account-store.ts'
import { listEvents } from '../../../storage/audit-log.ts'
import { wholeAccount } from '../../../storage/key-reach.ts'
import { listKeys } from '../../../storage/key-store.ts'
import { listUsage } from '../../../storage/usage-export.ts'
import { isoTime } from '../../routing/time.ts'
import { viewOf } from '../keys/key-schema.ts'
import { auditView } from './audit-events.ts'

const pageSize = 500

type Line = { type: string } & Record<string, unknown>

/** @throws (the stream) when a store does not answer. */
export function exportAccount(
  d1: D1Database,
  accountId: string,
  nowMs: number,
): ReadableStream<Uint8Array> {
  const pages = allPages(d1, accountId, nowMs)
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

async function* allPages(d1: D1Database, accountId: string, nowMs: number): AsyncGenerator<Line[]> {
  const counts: Record<string, number> = {}
  const sections = [peoplePages, keyPages, eventPages, usagePages]
  for (const section of sections) {
    for await (const page of section(d1, accountId, nowMs)) {
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
    ...members.map(({ userId, createdAt: since, ...person }) => ({
      type: 'member',
      id: userId,
      ...person,
      since: isoTime(since.getTime()),
    })),
  ]
}

async function* keyPages(d1: D1Database, accountId: string, nowMs: number) {
  const list = (after: { createdAt: number; id: string } | null) =>
    listKeys(d1, wholeAccount(accountId), {}, { limit: pageSize, after, nowMs })
  for await (const keys of paged(list)) {
    // The credit balances are in the meters, which are not queried.
    yield keys.map((key) => ({ type: 'key', ...viewOf(key, null, nowMs) }))
  }
}

async function* eventPages(d1: D1Database, accountId: string) {
  const list = (after: { createdAt: number; id: string } | null) =>
    listEvents(d1, wholeAccount(accountId), {}, { limit: pageSize, after }).then(({ rows }) => rows)
  for await (const events of paged(list)) {
    yield events.map((event) => ({ type: 'audit_event', ...auditView(event) }))
  }
}

async function* usagePages(d1: D1Database, accountId: string) {
  type Row = Awaited<ReturnType<typeof listUsage>>[number]
  const list = (after: Row | null) => listUsage(d1, accountId, { after, limit: pageSize })
  for await (const rows of paged(list)) {
    yield rows.map(({ keyId, hour, code, count }) => ({
      type: 'usage',
      key_id: keyId,
      hour: isoTime(hour),
      code,
      count,
    }))
  }
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
