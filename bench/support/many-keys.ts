// Keys in number, written to the database of a deployment as if they had been created: a request each would take minutes.
import { createHash, randomUUID } from 'node:crypto'
import type { Miniflare } from 'miniflare'
import { importTagKeys, mintToken } from '../../src/core/token.ts'
import config from '../../test/support/latchkey.config.ts'
import { tagSecret } from '../../test/support/system/worker-options.ts'
import type { MadeKey } from './tenant.ts'

const perStatement = 1_000

/** @param like a key whose account and creator they have. @returns their tokens */
export async function makeKeys(
  miniflare: Miniflare,
  { id: like }: MadeKey,
  count: number,
): Promise<string[]> {
  const { wacrm_live: format } = config.formats
  if (format === undefined) throw new Error('The tests have a format wacrm_live.')
  const tagKeys = await importTagKeys(tagSecret)
  const random = (bytes: Uint8Array<ArrayBuffer>) => crypto.getRandomValues(bytes)
  const tokens = await Promise.all(
    Array.from({ length: count }, () => mintToken(format, tagKeys, random)),
  )
  const db = await miniflare.getD1Database('DB', 'latchkey')
  for (let at = 0; at < count; at += perStatement) {
    const rows = tokens.slice(at, at + perStatement).map((token) => {
      return { id: randomUUID(), digest: createHash('sha256').update(token).digest('hex') }
    })
    await db
      .prepare(
        `INSERT INTO api_key (id, digest, seq, account_id, name, format, key_prefix, created_by, created_at)
         SELECT value ->> 'id', value ->> 'digest', 1, made.account_id, 'A key', 'wacrm_live', 'wacrm_live_', made.created_by, 1
         FROM json_each(?1), api_key made WHERE made.id = ?2`,
      )
      .bind(JSON.stringify(rows), like)
      .run()
  }
  return tokens
}
