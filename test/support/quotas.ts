// Quotas of accounts for tests: set by SQL, and their counts compared with what is there.
import { env } from 'cloudflare:workers'

type Columns = { keys?: number; members?: number; endpoints?: number; changes_per_minute?: number }

/** As the platform sets them; one that is left out stays. */
export async function setQuotas(accountId: string, quotas: Columns): Promise<void> {
  for (const [quota, max] of Object.entries(quotas)) {
    const column = `max_${quota}`
    await env.DB.prepare(
      `INSERT INTO account_control (account_id, ${column}) VALUES (?, ?)
       ON CONFLICT (account_id) DO UPDATE SET ${column} = excluded.${column}`,
    )
      .bind(accountId, max)
      .run()
  }
}

const counts =
  'coalesce(sum(keys), 0) AS keys, coalesce(sum(members), 0) AS members, coalesce(sum(endpoints), 0) AS endpoints'

/** What `account_count` says, and what its tables hold. */
export async function countsOf(accountId: string) {
  const kept = await env.DB.prepare(`SELECT ${counts} FROM account_count WHERE account_id = ?`)
    .bind(accountId)
    .first()
  const counted = await env.DB.prepare(
    `SELECT
      (SELECT count(*) FROM api_key WHERE account_id = ?1 AND revoked_at IS NULL AND replaced_by IS NULL) AS keys,
      (SELECT count(*) FROM member WHERE organization_id = ?1) AS members,
      (SELECT count(*) FROM webhook_endpoint WHERE account_id = ?1) AS endpoints`,
  )
    .bind(accountId)
    .first()
  return { kept, counted }
}
