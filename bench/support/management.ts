// What the management API's statements cost where one account has a million keys: reads within 50 ms each, changes in
// batches within 250 ms each.
import type { DatabaseSync } from 'node:sqlite'
import { purgeAccount } from '../../src/storage/account-store.ts'
import { noticeExpiring } from '../../src/storage/expiry-notices.ts'
import { createKeyChanges } from '../../src/storage/key-changes.ts'
import type { Reach } from '../../src/storage/key-reach.ts'
import type { Selection } from '../../src/storage/key-selection.ts'
import type { Ran } from '../../test/simulation/sqlite.ts'
import {
  auditReads,
  boundedReach,
  keyListReads,
  otherReads,
  summaryReads,
} from '../../test/support/management-reads.ts'
import type { ManagementRow } from '../page/results.ts'
import { bigAccount, creator, idOf, rareActor } from './key-rows.ts'
import { median, quantile } from './statistics.ts'

const readLimitMs = 50
const changeLimitMs = 250

type Store = { d1: D1Database; db: DatabaseSync; ran: Ran[] }
/** `isBatch`: the statements of a call are one transaction, which other changes wait for. */
type Work = { call: () => Promise<unknown>; isBatch?: boolean; limitMs: number; runs: number }

export async function measureManagement(
  store: Store,
  size: number,
  isQuick: boolean,
): Promise<ManagementRow[]> {
  const rows: ManagementRow[] = []
  for (const [name, work] of Object.entries({ ...readsOf(store, size), ...changesOf(store) })) {
    rows.push(await measure(store, name, work, isQuick ? 200 : 1_000))
  }
  console.log(`Management at ${size} keys of one account, in ms:`)
  console.table(rows.toSorted((a, b) => b.p50 / b.limitMs - a.p50 / a.limitMs))
  return rows
}

function readsOf({ d1, db }: Store, size: number): Record<string, Work> {
  const middle = Math.ceil(size / 2)
  const { key_prefix, digest } = db
    .prepare('SELECT key_prefix, digest FROM api_key WHERE id = ?')
    .get(idOf(middle)) as { key_prefix: string; digest: string }
  const place = {
    ...{ d1, accountId: bigAccount, creator, rareActor, keyId: idOf(middle), nowMs: Date.now() },
    ...{ externalId: `customer-${Math.ceil(middle / 10)}`, keyPrefix: key_prefix },
    keyDigest: digest,
  }
  const id = idOf(middle).replace('-8000-', '-9000-')
  const after = { createdAt: 1_700_000_000_000 + middle, id }
  const reads = {
    'revoked: a creator, bounded, of no key': () =>
      revoke(
        d1,
        { by: 'creator', createdBy: creator },
        boundedReach({ ...place, keyId: 'no key' }),
      ),
    ...keyListReads(place),
    ...auditReads(place, after),
    ...summaryReads(place),
    ...otherReads(place),
  }
  const asWork = (call: () => Promise<unknown>): Work => ({ call, limitMs: readLimitMs, runs: 15 })
  return Object.fromEntries(Object.entries(reads).map(([name, call]) => [name, asWork(call)]))
}

function changesOf({ d1, db }: Store): Record<string, Work> {
  const change = (call: () => Promise<unknown>, runs = 3): Work => ({
    ...{ call, runs, isBatch: true, limitMs: changeLimitMs },
  })
  const d1Run = (sql: string) => () => d1.prepare(sql).bind().run()
  // Another owner, since the last one cannot be demoted.
  db.exec(`INSERT OR IGNORE INTO user (id, name, email, email_verified, created_at, updated_at)
      VALUES ('${rareActor}', 'Grace', 'grace@bench.test', 1, 0, 0);
    INSERT INTO member (id, organization_id, user_id, role, created_at)
      VALUES ('cccccccc-0000-4000-8000-000000000001', '${bigAccount}', '${rareActor}', 'owner', 0)`)
  const setRole = (role: string) =>
    d1Run(
      `UPDATE member SET role = '${role}' WHERE organization_id = '${bigAccount}' AND user_id = '${creator}'`,
    )
  let nowMs = Date.now()
  const notice = { limitMs: changeLimitMs, runs: 1 }
  return {
    'a creator of all keys is demoted': change(setRole('member'), 1),
    'a creator of all keys is promoted': change(setRole('owner'), 1),
    'revoked: 5,000 of a creator': change(() => revoke(d1, { by: 'creator', createdBy: creator })),
    'revoked: an external id': change(() =>
      revoke(d1, { by: 'externalId', externalId: 'customer-7' }),
    ),
    'revoked: 5,000 of the account': change(() => revoke(d1, { by: 'account' })),
    'expiring: the first scan': {
      ...notice,
      call: async () => {
        db.exec(`INSERT INTO webhook_endpoint (id, account_id, url, enabled, sealed_secret, created_at)
          VALUES ('endpoint', '${bigAccount}', 'https://hook.test', 1, 's', 0);
          DELETE FROM expiry_due`)
        await noticeExpiring(d1, nowMs)
      },
    },
    'expiring: a minute later': {
      ...notice,
      call: async () => {
        nowMs += 60_000
        await noticeExpiring(d1, nowMs)
      },
    },
    'a page of a purge': change(() => {
      db.exec(
        `UPDATE organization SET closes_at = 0 WHERE id = '${bigAccount}';
          INSERT OR IGNORE INTO deleted_account (account_id, deleted_at) VALUES ('${bigAccount}', 0)`,
      )
      return purgeAccount(d1, bigAccount, nowMs, { isUsageForgotten: false })
    }),
  }
}

function revoke(d1: D1Database, selection: Exclude<Selection, { by: 'version' }>, reach?: Reach) {
  const audit = { action: 'key.revoked', actorKind: 'system', actorId: null } as const
  return createKeyChanges(d1).commit({
    ...{ accountId: bigAccount, selection, patch: { revokedAt: Date.now(), revokedBy: null } },
    ...{ audit: { ...audit, requestId: null, detail: null }, nowMs: Date.now() },
    ...(reach && { reach }),
  })
}

async function measure(
  { ran }: Store,
  name: string,
  { call, isBatch = false, limitMs, runs }: Work,
  forMs: number,
): Promise<ManagementRow> {
  const slowest: number[] = []
  const all: number[] = []
  let statements = 0
  const until = performance.now() + forMs
  for (let run = 0; run < runs && (run < Math.min(3, runs) || performance.now() < until); run++) {
    ran.length = 0
    await call()
    const sum = ran.reduce((total, { ms }) => total + ms, 0)
    statements = ran.length
    all.push(sum)
    slowest.push(isBatch ? sum : Math.max(...ran.map(({ ms }) => ms)))
  }
  const row = {
    name,
    statements,
    p50: median(slowest),
    p90: quantile(slowest, 0.9),
    all: median(all),
    limitMs,
  }
  return { ...row, p50: round(row.p50), p90: round(row.p90), all: round(row.all) }
}

function round(ms: number): number {
  return Math.round(ms * 10) / 10
}

/** Reports what is above its limit. @returns whether anything is. */
export function failSlow(rows: readonly ManagementRow[]): boolean {
  const slow = rows.filter(({ p50, limitMs }) => p50 > limitMs)
  for (const { name, p50, limitMs } of slow) {
    console.error(`${name}: ${p50} ms, above ${limitMs} ms`)
  }
  return slow.length > 0
}
