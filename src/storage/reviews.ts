// Keys that wait for a review since their creator was demoted or removed: a trigger marks the first 1,000 in the
// transaction of the demotion, and leaves a row of `review_due` where there are more.
import { sql } from 'drizzle-orm'
import { runBatch } from './database.ts'
import { within } from './unavailable.ts'

const timeoutMs = 10_000
/** Keys that one statement reads. */
const perPage = 5_000
/** Statements of one run, which has a minute. */
const maxPages = 20

/** Marks further keys; what one run leaves, the next marks. @throws StoreUnavailable */
export async function markForReview(d1: D1Database, keys = perPage): Promise<void> {
  // At random: an account whose marks fail must not keep out the others.
  const next = sql`
    update review_due set to_row = coalesce((select rowid from api_key indexed by api_key_by_creator
        where account_id = review_due.account_id and created_by = review_due.user_id
          and revoked_at is null and rowid > review_due.after_row
        order by rowid limit 1 offset ${keys - 1}), until_row)
      where (account_id, user_id) = (select account_id, user_id from review_due order by random() limit 1)
      returning 1`
  for (let page = 0; page < maxPages; page++) {
    const marked = await within('D1', timeoutMs, runBatch(d1, [next]))
    if (marked.length === 0) return
  }
}
