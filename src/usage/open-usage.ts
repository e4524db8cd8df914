// What a usage object runs: the ledger of its month, with SQLite, D1 and the machine's clock.
import { log } from '../log.ts'
import { raiseLastUsed } from '../storage/last-uses.ts'
import { boundsOf } from './bounds.ts'
import { UsageLedger } from './ledger.ts'
import { endOfMonth, parseName } from './shards.ts'
import { UsageSqlStorage } from './sql-storage.ts'
import type { UsageCalls } from './usage-calls.ts'
import { createReads } from './usage-reads.ts'

export async function openUsage(
  { id, storage }: Pick<DurableObjectState, 'id' | 'storage'>,
  d1: D1Database,
): Promise<UsageCalls & { maintain(): Promise<void> }> {
  if (id.name === undefined) throw new Error('A usage object must be addressed by name.')
  const { month, ...shard } = parseName(id.name)
  const sqlStorage = new UsageSqlStorage(storage, await storage.getAlarm())
  const ledger = new UsageLedger(sqlStorage, {
    endsAt: endOfMonth(month),
    bounds: boundsOf(shard),
    now: Date.now,
    raiseLastUsed: (uses) => raiseLastUsed(d1, uses),
    report: (cause) => log('warn', 'usage_not_folded', { object: id.name, cause }),
  })
  return {
    add: (parts) => ledger.add(parts),
    forget: (accountId) => ledger.forget(accountId),
    maintain: () => ledger.maintain(),
    ...createReads(sqlStorage, () => ledger.layers),
  }
}
