// All usage of an account, by keyset pages.
import { sql } from 'drizzle-orm'
import { openPrimary } from './database.ts'
import { apiKey, usageHourly } from './schema.ts'
import { within } from './unavailable.ts'

export type UsageRow = typeof usageHourly.$inferSelect

const readTimeoutMs = 5_000

/** Up to `limit` rows after a row, in the order of the primary key. */
export async function listUsage(
  d1: D1Database,
  accountId: string,
  { after, limit }: { after: UsageRow | null; limit: number },
): Promise<UsageRow[]> {
  const { keyId, hour, code } = usageHourly
  const ofAccount = sql`${keyId} in (select ${apiKey.id} from ${apiKey} where ${apiKey.accountId} = ${accountId})`
  const beyond =
    after === null
      ? sql`true`
      : sql`(${keyId}, ${hour}, ${code}) > (${after.keyId}, ${after.hour}, ${after.code})`
  const query = openPrimary(d1)
    .select()
    .from(usageHourly)
    .where(sql`${ofAccount} and ${beyond}`)
    .orderBy(keyId, hour, code)
    .limit(limit)
    .all()
  return within('D1', readTimeoutMs, query)
}
