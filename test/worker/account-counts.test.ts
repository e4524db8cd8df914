// The counts that triggers keep of an account are what its tables hold, after whatever sequence of changes, and after
// the migration that began to count.
import { runInDurableObject } from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import { describe, expect, inject, it } from 'vitest'
import { runScheduled } from '../../src/worker/cron.ts'
import { type Account, openAccount } from '../support/account.ts'
import fc from '../support/fc.ts'
import { createForeignTestApp, unkeyToken } from '../support/foreign.ts'
import { countsOf, setQuotas } from '../support/quotas.ts'
import { addPerson } from '../support/test-app.ts'

const { runs } = inject('sequences')
const seed = inject('seed')

const kinds = [
  ...[
    'create',
    'create',
    'create',
    'rotate',
    'rotate',
    'revoke',
    'disable',
    'import',
    'revoke itself',
  ],
  ...['revoke many', 'revoke a customer', 'add a member', 'remove a member', 'remove a person'],
  ...['add an endpoint', 'delete an endpoint', 'change the quota', 'create two at once'],
] as const
/** `at`: which of the keys, members or endpoints. */
type Command = { kind: (typeof kinds)[number]; at: number }

const app = await createForeignTestApp()

class World {
  readonly done: Record<string, number> = {}
  private readonly account: Account
  private readonly keys: { id: string; key: string }[] = []
  private readonly digests: string[] = []
  private readonly endpoints: string[] = []
  private readonly members: { id: string; memberId: string }[] = []

  constructor(account: Account) {
    this.account = account
  }

  async run({ kind, at }: Command): Promise<void> {
    const status = await this.answer(kind, at)
    const name = status === null ? kind : `${kind} ${status}`
    this.done[name] = (this.done[name] ?? 0) + 1
  }

  private async call(method: string, path: string, body?: unknown) {
    const { jwt } = this.account.owner
    return app.request(method, path, { as: jwt, ...(body !== undefined && { body }) })
  }

  /** The status of what was called; null where SQL was run. */
  private async answer(kind: Command['kind'], at: number): Promise<number | null> {
    const key = this.keys[at % this.keys.length]
    const none = crypto.randomUUID()
    switch (kind) {
      case 'create':
        return this.create(at)
      case 'rotate': {
        const body = { overlap_seconds: (at % 2) * 60 }
        return this.keep(await this.call('POST', `/api/api-keys/${key?.id ?? none}/rotate`, body))
      }
      case 'revoke':
        return (await this.call('DELETE', `/api/api-keys/${key?.id ?? none}`)).status
      case 'disable': {
        const body = { is_active: at % 2 === 0 }
        return (await this.call('PATCH', `/api/api-keys/${key?.id ?? none}`, body)).status
      }
      case 'revoke itself':
        return (
          await app.request('DELETE', '/api/v1/me?successors=true', { key: key?.key ?? 'none' })
        ).status
      case 'revoke many': {
        const ids = [key?.id ?? none, this.keys[0]?.id ?? none]
        return (await this.call('POST', '/api/api-keys/revoke', { ids })).status
      }
      case 'revoke a customer': {
        const body = { external_id: `customer ${at % 2}` }
        return (await this.call('POST', '/api/api-keys/revoke', body)).status
      }
      case 'import':
        return this.bring(at)
      default:
        return this.answerOfOthers(kind, at)
    }
  }

  private async answerOfOthers(kind: Command['kind'], at: number): Promise<number | null> {
    const { id } = this.account
    const member = this.members[at % this.members.length]
    switch (kind) {
      case 'add a member':
        this.members.push(await addPerson(id, 'member'))
        return null
      case 'remove a member':
        await run('DELETE FROM member WHERE id = ?', member?.memberId ?? '')
        return null
      case 'remove a person':
        await run('DELETE FROM user WHERE id = ?', member?.id ?? '')
        return null
      case 'add an endpoint': {
        const body = { url: 'https://example.com/' }
        const added = await this.call('POST', '/api/webhook-endpoints', body)
        if (added.status === 201) this.endpoints.push(added.body.data.id)
        return added.status
      }
      case 'delete an endpoint': {
        const endpoint = this.endpoints[at % this.endpoints.length] ?? crypto.randomUUID()
        return (await this.call('DELETE', `/api/webhook-endpoints/${endpoint}`)).status
      }
      case 'create two at once':
        await Promise.all([this.create(at), this.create(at + 1)])
        return null
      default:
        await setQuotas(id, { keys: at % 9, endpoints: at % 4 })
        return null
    }
  }

  private async create(at: number): Promise<number> {
    const body = { name: 'A key', external_id: `customer ${at % 2}`, scopes: ['contacts:read'] }
    return this.keep(await this.call('POST', '/api/api-keys', body))
  }

  private keep({ status, body }: Awaited<ReturnType<typeof app.request>>): number {
    if (status === 201) this.keys.push(body.data)
    return status
  }

  /** Two new keys, and one that may be known. */
  private async bring(at: number): Promise<number> {
    const fresh = [(await unkeyToken()).digest, (await unkeyToken()).digest]
    const known = this.digests[at % this.digests.length] ?? fresh[0]
    const keys = [...fresh, known].map((digest) => {
      return { digest, format: 'unkey', name: 'Moved', scopes: [] }
    })
    const brought = await this.call('POST', '/api/api-keys/import', { keys })
    this.digests.push(...fresh)
    for (const { id } of brought.body.data) if (id !== undefined) this.keys.push({ id, key: '' })
    return brought.status
  }
}

const run = (sql: string, ...values: unknown[]) =>
  env.DB.prepare(sql)
    .bind(...values)
    .run()

async function deleteAccount({ id, name, owner }: Account): Promise<void> {
  await app.request('POST', '/api/account/deletion', { as: owner.jwt, body: { name } })
  await run('UPDATE organization SET closes_at = ? WHERE id = ?', Date.now() - 1, id)
  await runScheduled(app.isolate, app.bindings, '* * * * *', () => {})
  const left = env.DB.prepare('SELECT count(*) AS n FROM organization WHERE id = ?').bind(id)
  expect(await left.first()).toEqual({ n: 0 })
}

describe('the counts of an account', () => {
  it('are what its tables hold after each of any changes, and nothing after its deletion', {
    timeout: 20_000 + runs * 20_000,
  }, async () => {
    const done: Record<string, number> = {}
    const command = fc.record({ kind: fc.constantFrom(...kinds), at: fc.nat({ max: 40 }) })
    const sequences = fc.array(command, { minLength: 15, maxLength: 30, size: 'max' })
    await fc.assert(
      fc.asyncProperty(sequences, async (commands) => {
        const account = await openAccount(`Acme ${crypto.randomUUID()}`)
        await setQuotas(account.id, { keys: 3, endpoints: 2 })
        const world = new World(account)
        for (const each of commands) {
          await world.run(each)
          const { kept, counted } = await countsOf(account.id)
          expect(kept, JSON.stringify(each)).toEqual(counted)
        }
        await deleteAccount(account)
        const nothing = { keys: 0, members: 0, endpoints: 0 }
        expect(await countsOf(account.id)).toEqual({ kept: nothing, counted: nothing })
        for (const [name, count] of Object.entries(world.done)) {
          done[name] = (done[name] ?? 0) + count
        }
      }),
      { numRuns: runs, endOnFailure: true },
    )
    console.info(`Counts: seed ${seed}, ${runs} sequences`, done)
    for (const what of ['create 201', 'rotate 201', 'revoke 200', 'import 200']) {
      expect(done[what], what).toBeGreaterThan(0)
    }
    expect(done['create 429']).toBeGreaterThan(0)
  })
})

/** What a database holds that is filled before the migration `from`, and then migrated to the newest. */
async function migrated<Found>(
  from: string,
  fill: (sql: SqlStorage) => void,
  read: (sql: SqlStorage) => Found,
): Promise<Found> {
  const migrations = inject('migrations').DB ?? []
  const begin = migrations.findIndex(({ name }) => name.startsWith(from))
  expect(begin).toBe(Number(from))
  const stub = env.METER.getByName(`a database before ${crypto.randomUUID()}`)
  return runInDurableObject(stub, (_, { storage: { sql } }) => {
    for (const [at, { queries }] of migrations.entries()) {
      if (at === begin) fill(sql)
      for (const query of queries) sql.exec(query)
    }
    return read(sql)
  })
}

const platformOf = (sql: SqlStorage) => sql.exec('SELECT account_id FROM platform').toArray()

describe('the migration that begins to count', () => {
  it('counts what was there, and marks the oldest account as the platform', async () => {
    const found = await migrated('0023', fill, (sql) => ({
      counts: sql.exec('SELECT * FROM account_count ORDER BY account_id').toArray(),
      platform: platformOf(sql),
    }))
    expect(found).toEqual({
      counts: [
        { account_id: 'globex', keys: 0, members: 0, endpoints: 0 },
        { account_id: 'old', keys: 3, members: 2, endpoints: 1 },
      ],
      platform: [{ account_id: 'old' }],
    })
  })
})

describe('accounts of which all were closing when the platform was marked', () => {
  const close = (sql: SqlStorage) => {
    fill(sql)
    sql.exec('UPDATE organization SET closes_at = 10')
  }
  const reopen = (sql: SqlStorage, id: string) =>
    sql.exec('UPDATE organization SET closes_at = NULL WHERE id = ?', id)

  it('have none, until one is reopened; it stays the platform', async () => {
    const found = await migrated('0023', close, (sql) => {
      const marks = [platformOf(sql)]
      // A repeated cancellation, and one of another.
      for (const id of ['old', 'old', 'globex']) {
        reopen(sql, id)
        marks.push(platformOf(sql))
      }
      return marks
    })
    const old = [{ account_id: 'old' }]
    expect(found).toEqual([[], old, old, old])
  })

  it('have the one that was reopened before the mark followed', async () => {
    const filled = (sql: SqlStorage) => {
      close(sql)
      reopen(sql, 'globex')
    }
    expect(await migrated('0028', filled, platformOf)).toEqual([{ account_id: 'globex' }])
  })
})

/** Keys that count: neither revoked nor replaced. */
function fill(sql: SqlStorage): void {
  sql.exec(`INSERT INTO organization (id, name, slug, created_at)
    VALUES ('globex', 'Globex', 'globex', 9), ('old', 'Acme', 'acme', 1)`)
  sql.exec(`INSERT INTO user (id, name, email, created_at, updated_at)
    VALUES ('ada', 'Ada', 'ada@a.test', 1, 1), ('bob', 'Bob', 'bob@a.test', 1, 1)`)
  sql.exec(`INSERT INTO member (id, organization_id, user_id, role, created_at)
    VALUES ('1', 'old', 'ada', 'owner', 1), ('2', 'old', 'bob', 'member', 1)`)
  sql.exec(`INSERT INTO api_key (id, digest, seq, account_id, name, name_folded, format, key_prefix, created_at,
      disabled, expires_at, revoked_at, replaced_by)
    VALUES ('a', 'a', 1, 'old', 'A', 'a', 'whm', 'p', 1, 0, NULL, NULL, NULL),
      ('b', 'b', 1, 'old', 'B', 'b', 'whm', 'p', 1, 1, NULL, NULL, NULL),
      ('c', 'c', 1, 'old', 'C', 'c', 'whm', 'p', 1, 0, 5, NULL, NULL),
      ('d', 'd', 1, 'old', 'D', 'd', 'whm', 'p', 1, 0, NULL, 5, NULL),
      ('e', 'e', 1, 'old', 'E', 'e', 'whm', 'p', 1, 0, NULL, NULL, 'a')`)
  sql.exec(`INSERT INTO webhook_endpoint (id, account_id, url, enabled, sealed_secret, created_at)
    VALUES ('w', 'old', 'https://example.com/', 1, '', 1)`)
}
