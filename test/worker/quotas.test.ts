// Quotas of an account: what exceeds one is refused with 429 whichever way it comes, and changes nothing.
import { env } from 'cloudflare:workers'
import { describe, expect, it } from 'vitest'
import { defaultQuotas, QuotaExceeded } from '../../src/core/quotas.ts'
import { asQuotaProblem } from '../../src/http/response/quotas.ts'
import { type Account, makeKey, openAccount, outcome } from '../support/account.ts'
import { createForeignTestApp, unkeyToken } from '../support/foreign.ts'
import { invite, joins, newAccount, origin, password, signIn } from '../support/people-world.ts'
import { countsOf, setQuotas } from '../support/quotas.ts'

const app = await createForeignTestApp()
const full = '429 quota_exceeded'

/** An account that may have so many keys, and has none. */
async function accountOf(keys: number): Promise<Account> {
  const account = await openAccount()
  await setQuotas(account.id, { keys })
  return account
}

const create = ({ owner }: Account, headers = {}) =>
  app.request('POST', '/api/api-keys', { as: owner.jwt, body: { name: 'A key' }, headers })
const rotate = ({ owner }: Account, id: string) =>
  app.request('POST', `/api/api-keys/${id}/rotate`, { as: owner.jwt, body: {} })
const keysIn = async ({ id }: Account) => {
  const { kept, counted } = await countsOf(id)
  expect(kept).toEqual(counted)
  return counted?.keys
}
const first = <T>(sql: string, ...values: unknown[]) =>
  env.DB.prepare(sql)
    .bind(...values)
    .first<T>()

describe('the quota of keys', () => {
  it('refuses one more with which quota, how many and who can raise it, and changes nothing', async () => {
    const account = await accountOf(1)
    const { id } = await makeKey(app, account.owner.jwt)
    const refused = await create(account)
    expect([refused.status, refused.headers.get('retry-after')]).toEqual([429, null])
    expect(refused.body).toMatchObject({
      code: 'quota_exceeded',
      detail:
        'The account has reached its quota of 1 unrevoked key. The owners of the platform can raise it.',
    })
    expect(await keysIn(account)).toBe(1)
    const events = 'SELECT count(*) AS n FROM audit_event WHERE account_id = ? AND action = ?'
    expect(await first(events, account.id, 'key.created')).toEqual({ n: 1 })
    // Freed, and then raised.
    await app.request('DELETE', `/api/api-keys/${id}`, { as: account.owner.jwt })
    expect(await outcome(create(account))).toBe('201')
    expect(await outcome(create(account))).toBe(full)
    await setQuotas(account.id, { keys: 2 })
    expect(await outcome(create(account))).toBe('201')
    expect(await outcome(create(account))).toBe(full)
    expect(await keysIn(account)).toBe(2)
  })

  it('that is nothing refuses the first', async () => {
    expect(await outcome(create(await accountOf(0)))).toBe(full)
  })

  it('of the platform is none', async () => {
    const account = await accountOf(0)
    await env.DB.prepare('INSERT INTO platform (id, account_id) VALUES (1, ?)')
      .bind(account.id)
      .run()
    try {
      expect(await outcome(create(account))).toBe('201')
      const foreign = await unkeyToken()
      expect(await imported(account, [foreign.digest])).toEqual(['created'])
    } finally {
      await env.DB.prepare('DELETE FROM platform').run()
    }
  })

  it('of another account is its own', async () => {
    const [one, other] = [await accountOf(1), await accountOf(1)]
    for (const account of [one, other]) expect(await outcome(create(account))).toBe('201')
    for (const account of [one, other]) expect(await outcome(create(account))).toBe(full)
  })

  it('with room for one lets one of two pass that come at once', async () => {
    const account = await accountOf(1)
    const outcomes = await Promise.all([0, 1].map(() => outcome(create(account))))
    expect(outcomes.sort()).toEqual(['201', full])
    expect(await keysIn(account)).toBe(1)
  })

  it('lets a rotation pass at and above it: the new key takes the place of the old one', async () => {
    const account = await accountOf(2)
    const { id } = await makeKey(app, account.owner.jwt)
    await makeKey(app, account.owner.jwt)
    const rotated = await rotate(account, id)
    expect(rotated.status).toBe(201)
    expect(await keysIn(account)).toBe(2)
    // The old one lives on in its overlap, and is not counted.
    await setQuotas(account.id, { keys: 1 })
    expect(await outcome(create(account))).toBe(full)
    expect(await outcome(rotate(account, rotated.body.data.id))).toBe('201')
    expect(await keysIn(account)).toBe(2)
  })

  it('and an Idempotency-Key: refused, it is executed once there is room', async () => {
    const account = await accountOf(0)
    const headers = { 'idempotency-key': crypto.randomUUID() }
    expect(await outcome(create(account, headers))).toBe(full)
    expect(await outcome(create(account, headers))).toBe(full)
    await setQuotas(account.id, { keys: 1 })
    expect(await outcome(create(account, headers))).toBe('201')
    const repeated = await create(account, headers)
    expect([repeated.status, repeated.body.key_id]).toEqual([409, expect.any(String)])
    expect(await keysIn(account)).toBe(1)
  })

  it('and one Idempotency-Key twice at once: the one that lost is told what the other made', async () => {
    for (let round = 0; round < 5; round++) {
      const account = await accountOf(1)
      const headers = { 'idempotency-key': crypto.randomUUID() }
      const outcomes = await Promise.all([0, 1].map(() => outcome(create(account, headers))))
      expect(outcomes.sort()).toEqual(['201', '409 conflict'])
    }
  })
})

async function imported(account: Account, digests: string[], headers = {}) {
  const keys = digests.map((digest) => ({ digest, format: 'unkey', name: 'Moved', scopes: [] }))
  const as = account.owner.jwt
  const answer = await app.request('POST', '/api/api-keys/import', { as, body: { keys }, headers })
  expect(answer.status).toBe(200)
  return answer.body.data.map(({ result }: { result: string }) => result)
}

const newDigests = async (count: number) =>
  Promise.all(Array.from({ length: count }, async () => (await unkeyToken()).digest))

describe('an import of more keys than there is room for', () => {
  it('stores those that fit in their order, and tells each of the others', async () => {
    const account = await accountOf(2)
    const [a = '', b = '', c = '', d = ''] = await newDigests(4)
    // A digest twice takes room once.
    expect(await imported(account, [a, a, b, c])).toEqual([
      'created',
      'exists',
      'created',
      'quota_exceeded',
    ])
    expect(await keysIn(account)).toBe(2)
    // At the full quota, what exists is told as before.
    expect(await imported(account, [d, a, b])).toEqual(['quota_exceeded', 'exists', 'exists'])
    await setQuotas(account.id, { keys: 3 })
    expect(await imported(account, [a, d, c])).toEqual(['exists', 'created', 'quota_exceeded'])
    expect(await keysIn(account)).toBe(3)
    const events = 'SELECT count(*) AS n FROM audit_event WHERE account_id = ? AND action = ?'
    expect(await first(events, account.id, 'key.imported')).toEqual({ n: 3 })
  })

  it('says which quota, and repeats with an Idempotency-Key what it stored', async () => {
    const account = await accountOf(1)
    const digests = await newDigests(2)
    const headers = { 'idempotency-key': crypto.randomUUID() }
    expect(await imported(account, digests, headers)).toEqual(['created', 'quota_exceeded'])
    await setQuotas(account.id, { keys: 2 })
    expect(await imported(account, digests, headers)).toEqual(['created', 'quota_exceeded'])
    const keys = [{ digest: digests[1], format: 'unkey', name: 'Moved', scopes: [] }]
    await setQuotas(account.id, { keys: 1 })
    const as = account.owner.jwt
    const { body } = await app.request('POST', '/api/api-keys/import', { as, body: { keys } })
    expect(body.data[0].detail).toContain('quota of 1 unrevoked key.')
  })
})

describe('the quota of webhook endpoints', () => {
  const add = ({ owner }: Account) => {
    const body = { url: 'https://example.com/' }
    return app.request('POST', '/api/webhook-endpoints', { as: owner.jwt, body })
  }

  it('is 20 unless changed, and freed by a deletion', async () => {
    const account = await openAccount()
    await setQuotas(account.id, { endpoints: 1 })
    const { body } = await add(account)
    const refused = await add(account)
    expect([refused.status, refused.body.detail]).toEqual([
      429,
      'The account has reached its quota of 1 webhook endpoint. The owners of the platform can raise it.',
    ])
    const as = account.owner.jwt
    await app.request('DELETE', `/api/webhook-endpoints/${body.data.id}`, { as })
    expect(await outcome(add(account))).toBe('201')
    const { kept, counted } = await countsOf(account.id)
    expect(kept).toEqual(counted)
  })

  it('never passes the hundred that any account may have', async () => {
    const account = await openAccount()
    await setQuotas(account.id, { endpoints: 1_000 })
    await env.DB.prepare(
      `WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 99)
       INSERT INTO webhook_endpoint (id, account_id, url, enabled, sealed_secret, created_at)
       SELECT ?1 || i, ?1, 'https://example.com/', 0, '', 1 FROM n`,
    )
      .bind(account.id)
      .run()
    expect(await outcome(add(account))).toBe('201')
    expect(await outcome(add(account))).toBe('409 conflict')
  })
})

describe('the quota of members', () => {
  /** An account with an owner who can invite, and room for some more. */
  async function accountWithRoom(room: number) {
    const { id, people } = await newAccount('owner')
    await setQuotas(id, { members: 1 + room })
    return { id, cookie: await signIn(people[0]?.email ?? '') }
  }

  const newcomer = (invitation: string) => {
    const body = { name: 'Eve', password }
    return outcome(app.request('POST', `/api/invitations/${invitation}/accept`, { body }))
  }

  async function acceptAs(cookie: string, invitationId: string) {
    const headers = { cookie, origin, 'cf-connecting-ip': '192.0.2.1' }
    const path = '/api/auth/organization/accept-invitation'
    return app.request('POST', path, { body: { invitationId }, headers })
  }

  const statusOf = async (invitation: string) =>
    (await first<{ status: string }>('SELECT status FROM invitation WHERE id = ?', invitation))
      ?.status
  const email = () => `${crypto.randomUUID()}@example.test`

  it('refuses a new person, who can accept once there is room', async () => {
    const { id, cookie } = await accountWithRoom(0)
    const address = email()
    const invitation = await invite(cookie, address)
    expect(await newcomer(invitation)).toBe(full)
    expect(await statusOf(invitation)).toBe('pending')
    expect(await first('SELECT count(*) AS n FROM user WHERE email = ?', address)).toEqual({ n: 0 })
    await setQuotas(id, { members: 2 })
    expect(await newcomer(invitation)).toBe('201')
  })

  it('refuses a person of another account the same way, by the endpoint of Better Auth', async () => {
    const { id, cookie } = await accountWithRoom(0)
    const elsewhere = await newAccount('owner')
    const address = elsewhere.people[0]?.email ?? ''
    const invitation = await invite(cookie, address)
    const theirs = await signIn(address)
    const refused = await acceptAs(theirs, invitation)
    expect([refused.status, refused.body.code, refused.body.detail]).toEqual([
      429,
      'quota_exceeded',
      'The account has reached its quota of 1 member. The owners of the platform can raise it.',
    ])
    const events = `SELECT count(*) AS n FROM audit_event WHERE account_id = ? AND action = 'invitation.accepted'`
    expect([await statusOf(invitation), await first(events, id)]).toEqual(['pending', { n: 0 }])
    await setQuotas(id, { members: 2 })
    expect(await outcome(acceptAs(theirs, invitation))).toBe('200')
  })

  it('with room for one lets one of two pass that come at once, and the other accept later', async () => {
    const { id, cookie } = await accountWithRoom(1)
    const invited = await Promise.all(
      [0, 1].map(async () => {
        const address = (await newAccount('owner')).people[0]?.email ?? ''
        return { invitation: await invite(cookie, address), theirs: await signIn(address) }
      }),
    )
    const outcomes = await Promise.all(
      invited.map(({ theirs, invitation }) => outcome(acceptAs(theirs, invitation))),
    )
    expect(outcomes.toSorted()).toEqual(['200', full])
    await setQuotas(id, { members: 3 })
    const loser = invited[outcomes.indexOf(full)]
    expect(await outcome(acceptAs(loser?.theirs ?? '', loser?.invitation ?? ''))).toBe('200')
    const { kept, counted } = await countsOf(id)
    expect(kept).toEqual({ ...counted, members: 3 })
  })

  it('is told by its trigger where another took the room after it was looked for', async () => {
    const { id, cookie } = await accountWithRoom(0)
    const address = (await newAccount('owner')).people[0]?.email ?? ''
    const invitation = await invite(cookie, address)
    const theirs = await signIn(address)
    const late = await createForeignTestApp({ bindings: { DB: seeingRoom() } })
    const headers = { cookie: theirs, origin, 'cf-connecting-ip': '192.0.2.1' }
    const path = '/api/auth/organization/accept-invitation'
    const body = { invitationId: invitation }
    expect(await outcome(late.request('POST', path, { body, headers }))).toBe(full)
    expect(await statusOf(invitation)).toBe('pending')
    await setQuotas(id, { members: 2 })
    expect(await outcome(acceptAs(theirs, invitation))).toBe('200')
  })

  it('alone refuses: Better Auth has no limit of its own', async () => {
    const { id, cookie } = await accountWithRoom(2_000)
    await env.DB.batch([
      env.DB.prepare(
        `WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1100)
         INSERT INTO user (id, name, email, created_at, updated_at)
         SELECT ?1 || i, 'Someone', ?1 || i || '@example.test', 1, 1 FROM n`,
      ).bind(id),
      env.DB.prepare(
        `INSERT INTO member (id, organization_id, user_id, created_at)
         SELECT id, ?1, id, 1 FROM user WHERE id LIKE ?1 || '%'`,
      ).bind(id),
    ])
    const address = (await newAccount('owner')).people[0]?.email ?? ''
    const invitation = await invite(cookie, address)
    expect(await outcome(acceptAs(await signIn(address), invitation))).toBe('200')
  })

  it('holds whoever writes', async () => {
    const { id } = await accountWithRoom(0)
    const other = await newAccount('owner')
    await expect(joins(other.people[0]?.userId ?? '', id, 'member')).rejects.toThrow(
      'quota_exceeded: members 1',
    )
  })
})

/** D1 in which every account seems to have room when it is looked for. */
function seeingRoom(): D1Database {
  const blind = (on: Pick<D1Database, 'prepare' | 'batch'>) => ({
    prepare: (sql: string) => on.prepare(sql.includes('members >=') ? `${sql} and 0` : sql),
    batch: (statements: D1PreparedStatement[]) => on.batch(statements),
  })
  const withSession = (start: string) => blind(env.DB.withSession(start))
  return { ...blind(env.DB), withSession } as unknown as D1Database
}

describe('the numbers', () => {
  it('of the triggers are those of core/quotas.ts', async () => {
    const { results } = await env.DB.prepare(
      `SELECT sql FROM sqlite_master WHERE type = 'trigger' AND name LIKE '%_quota'`,
    ).all<{ sql: string }>()
    const found = results.flatMap(({ sql }) => [
      ...sql.matchAll(/max_(\w+) FROM account_control WHERE [\w. =]+\), (\d+)\)/g),
    ])
    const numbers = found.map(([, quota, max]) => `${quota} ${max}`)
    const expected = (['keys', 'members', 'endpoints'] as const).flatMap((quota) => {
      const line = `${quota} ${defaultQuotas[quota]}`
      return [line, line]
    })
    expect(numbers.sort()).toEqual(expected.sort())
  })
})

describe('a failure', () => {
  it('is of a quota only where D1 says so, however deep it stands', () => {
    const said = new Error('D1_ERROR: quota_exceeded: keys 5: SQLITE_CONSTRAINT')
    const deep = new Error('Failed query', { cause: new Error('more', { cause: said }) })
    expect(asQuotaProblem(deep)).toMatchObject({ code: 'quota_exceeded' })
    expect(asQuotaProblem(new QuotaExceeded('members', 1_000)).message).toContain('1,000 members')
    for (const text of [
      "Failed query: insert 'D1_ERROR: quota_exceeded: keys 5'",
      'quota_exceeded: keys 5',
      'D1_ERROR: quota_exceeded: cookies 5',
    ]) {
      const error = new Error(text)
      expect(asQuotaProblem(error)).toBe(error)
    }
  })
})
