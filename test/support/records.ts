// The records of keys in D1, and which of them a step changed.
import { env } from 'cloudflare:workers'
import { createKeyReader } from '../../src/storage/key-store.ts'

/** All that a record may be made of. */
const everything = `SELECT api_key.digest, * FROM api_key
  LEFT JOIN organization ON organization.id = api_key.account_id
  LEFT JOIN account_control ON account_control.account_id = api_key.account_id
  LEFT JOIN member ON member.organization_id = api_key.account_id AND member.user_id = api_key.created_by`

/** @returns a function with the digests of the keys whose records differ from those at its last call. */
export function watchRecords(): () => Promise<string[]> {
  const known = new Map<string, { row: string; record: string }>()
  const reader = createKeyReader(env.DB)
  return async () => {
    const [, ...stored] = await env.DB.prepare(everything).raw({ columnNames: true })
    const changed: string[] = []
    for (const values of stored) {
      const [digest, row] = [values[0] as string, JSON.stringify(values)]
      const before = known.get(digest)
      if (before?.row === row) continue
      const record = JSON.stringify({ ...(await reader.read(digest)), asOf: 0 })
      if (before !== undefined && before.record !== record) changed.push(digest)
      known.set(digest, { row, record })
    }
    return changed
  }
}

export async function rowsOf<Row>(text: string): Promise<Row[]> {
  return (await env.DB.prepare(text).all<Row>()).results
}

/** The sequence of the last change. */
export async function lastSequence(): Promise<number> {
  const [row] = await rowsOf<{ value: number }>('SELECT value FROM sequence')
  return row?.value ?? 0
}

export const run = (text: string, ...values: unknown[]) =>
  env.DB.prepare(text)
    .bind(...values)
    .run()
