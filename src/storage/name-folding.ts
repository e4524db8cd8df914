// Folds the names of keys that were written without their folded form: see `nameFolded` in schema.ts.
import { isNull, sql } from 'drizzle-orm'
import { foldForSearch } from '../core/text.ts'
import { openPrimary } from './database.ts'
import { apiKey } from './schema.ts'
import { within } from './unavailable.ts'

const timeoutMs = 10_000
/** Their JSON is one bound parameter, of at most 2 MB in D1. */
const namesPerStatement = 500
/** Of one run, which has a minute: 1,000,000 older keys take under two hours. */
const maxStatements = 20

/** Folds up to 10,000 names. */
export async function foldNames(d1: D1Database): Promise<void> {
  for (let statement = 0; statement < maxStatements; statement++) {
    if ((await foldSome(d1)) < namesPerStatement) return
  }
}

/** @returns how many names were read. */
async function foldSome(d1: D1Database): Promise<number> {
  const db = openPrimary(d1)
  const { id, seq, name } = apiKey
  const unfolded = db.select({ id, seq, name }).from(apiKey).where(isNull(apiKey.nameFolded))
  const rows = await within('D1', timeoutMs, unfolded.limit(namesPerStatement).all())
  if (rows.length === 0) return 0
  const folded = JSON.stringify(
    rows.map(({ id, seq, name }) => ({ id, seq, folded: foldForSearch(name) })),
  )
  // A key that changed in the meantime may have another name: it is read again. Its sequence stays as it is, since
  // no verdict depends on this column.
  const update = db.run(sql`
    update ${apiKey} set name_folded = row.value ->> 'folded' from json_each(${folded}) as row
    where api_key.id = row.value ->> 'id' and api_key.seq = row.value ->> 'seq'
      and api_key.name_folded is null`)
  await within('D1', timeoutMs, update)
  return rows.length
}
