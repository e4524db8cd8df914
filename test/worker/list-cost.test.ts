// A page of the list of keys reads as few rows of many keys as of few.
import { env } from 'cloudflare:workers'
import { beforeAll, describe, expect, it } from 'vitest'
import { type Account, openAccount } from '../support/account.ts'
import { countCosts } from '../support/statement-costs.ts'
import { createTestApp } from '../support/test-app.ts'

/** Every tenth is revoked; the others differ in each column that orders a list. */
async function store(accountId: string, count: number): Promise<void> {
  await env.DB.prepare(
    `WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?2)
     INSERT INTO api_key (id, digest, seq, account_id, name, name_folded, format, key_prefix, created_at, expires_at,
       last_used_at, revoked_at, external_id, scopes)
     SELECT lower(hex(randomblob(4)) || '-' || hex(randomblob(2)) || '-4000-8000-' || hex(randomblob(6))),
       lower(hex(randomblob(32))), 1, ?1, 'Key ' || i, 'key ' || i, 'whm', 'a1b2c3d4',
       1700000000000 + i, 4000000000000 + i, 1700000000000 + i, iif(i % 10 = 0, 1700000000000 + i, null),
       'customer-' || (i / 25), '["contacts:read"]'
     FROM n`,
  )
    .bind(accountId, count)
    .run()
}

/** With the statements for 300 and for 100,000 keys. */
const paths: [path: string, statements: [few: number, many: number]][] = [
  ['/api/api-keys?limit=25', [2, 2]],
  ['/api/api-keys?limit=25&status=active', [3, 3]],
  ['/api/api-keys?limit=25&sort=name', [2, 2]],
  ['/api/api-keys?limit=25&sort=-last_used_at', [2, 2]],
  ['/api/api-keys?limit=25&sort=expires_at', [2, 2]],
  // Few of many keys meet it, which are found by its index, after a look among the newest.
  ['/api/api-keys?limit=25&external_id=customer-7', [3, 5]],
  ['/api/api-keys?limit=25&scope=contacts:read', [3, 3]],
  ['/api/api-keys?limit=25&environment=live', [3, 3]],
]

describe('a page of 300 and of 100,000 keys', async () => {
  const { d1, costs } = countCosts(env.DB)
  const app = await createTestApp({ bindings: { DB: d1 } })
  let [few, many]: Account[] = []
  beforeAll(async () => {
    ;[few, many] = [await openAccount('Few'), await openAccount('Many')]
    await store(few.id, 300)
    await store(many.id, 100_000)
  }, 300_000)

  const costOf = async (account: Account | undefined, path: string) => {
    costs.length = 0
    const { status, body } = await app.request('GET', path, { as: account?.owner.jwt ?? '' })
    expect(status).toBe(200)
    return {
      statements: costs.length,
      read: costs.reduce((sum, { read }) => sum + read, 0),
      keys: body.data.length,
      next: body.next_cursor,
    }
  }

  it.each(paths)('%s costs as much', async (path, statements) => {
    // The first request reads the keys of JWTs.
    await costOf(few, path)
    const small = await costOf(few, path)
    const large = await costOf(many, path)
    expect([path, [small.statements, large.statements]]).toEqual([path, statements])
    expect([small.keys, large.keys]).toEqual([25, 25])
    // A full page is looked for among 1,000 keys.
    expect(large.read, `${small.read} of 300, ${large.read} of 100,000`).toBeLessThanOrEqual(
      small.read + 1_500,
    )
    if (large.next === null) return
    const second = await costOf(many, `${path}&cursor=${encodeURIComponent(large.next)}`)
    expect(second.read).toBeLessThanOrEqual(large.read + 50)
  })
})
