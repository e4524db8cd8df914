// Changing keys: PATCH, DELETE, rotation, bulk revocation, and asynchronous responses.
import { env } from 'cloudflare:workers'
import { beforeAll, describe, expect, it } from 'vitest'
import { type Account, makeKey, openAccount, outcome } from '../support/account.ts'
import { down } from '../support/outage.ts'
import { addPerson, createTestApp, type TestApp } from '../support/test-app.ts'

let app: TestApp
let elsewhere: TestApp
let account: Account
let as: string
beforeAll(async () => {
  app = await createTestApp()
  // Another isolate: its own memory, the same stores and clock.
  elsewhere = await createTestApp({ clock: app.clock })
  account = await openAccount()
  as = account.owner.jwt
})

const url = (id: string, action = '') => `/api/api-keys/${id}${action}`
const patch = (id: string, body: unknown) => app.request('PATCH', url(id), { as, body })
const rotate = (id: string, body: unknown = {}) =>
  app.request('POST', url(id, '/rotate'), { as, body })
const read = async (id: string) => (await app.request('GET', url(id), { as })).body.data
const revokeMany = (body: unknown, headers?: HeadersInit) =>
  app.request('POST', '/api/api-keys/revoke', { as, body, ...(headers && { headers }) })

/** The outcome for a key in both isolates, which must agree after a change has been answered. */
async function outcomeOf(key: string, path = '/api/contacts', method = 'GET'): Promise<string> {
  const here = await outcome(app.request(method, path, { key }))
  expect(await outcome(elsewhere.request(method, path, { key }))).toBe(here)
  return here
}

describe('PATCH', () => {
  it('changes the given fields, keeps the rest, and null clears', async () => {
    const expires_at = '2099-12-31T23:59:59.000Z'
    const full = { name: 'Full', expires_at, scopes: ['contacts:read'], allowed_ips: ['192.0.2.1'] }
    const more = { external_id: 'x', metadata: { a: 1 } }
    const made = await makeKey(app, as, { ...full, ...more })
    const { key: _key, ...before } = made
    for (const [field, value] of Object.entries({
      name: 'Renamed',
      scopes: ['messages:send', 'messages:send'],
      allowed_ips: ['2001:db8::/32'],
      external_id: 'y',
      metadata: { b: [2] },
      expires_at: '2098-01-01T00:00:00.000Z',
    })) {
      const shown = field === 'scopes' ? ['messages:send'] : value
      const changed = await patch(made.id, { [field]: value })
      expect(changed.status, changed.text).toBe(200)
      Object.assign(before, { [field]: shown })
      expect(changed.body.data).toEqual(before)
      expect(await read(made.id)).toEqual(before)
    }
    for (const field of ['scopes', 'allowed_ips', 'external_id', 'metadata', 'expires_at']) {
      const cleared = await patch(made.id, { [field]: null })
      Object.assign(before, { [field]: null })
      expect([cleared.status, cleared.body.data]).toEqual([200, before])
    }
  })

  it('is in force in every isolate when it returns', async () => {
    const { id, key } = await makeKey(app, as, { scopes: ['contacts:read'] })
    expect(await outcomeOf(key)).toBe('200')
    await patch(id, { scopes: [] })
    expect(await outcomeOf(key)).toBe('403 insufficient_scope')
    await patch(id, { scopes: ['contacts:read'] })
    expect(await outcomeOf(key)).toBe('200')
    await patch(id, { is_active: false })
    expect(await outcomeOf(key)).toBe('401 disabled_api_key')
    expect(await read(id)).toMatchObject({ status: 'disabled', is_active: false })
    await patch(id, { is_active: true })
    expect(await outcomeOf(key)).toBe('200')
    await patch(id, { allowed_ips: ['192.0.2.1'] })
    expect(await outcomeOf(key)).toBe('403 ip_not_allowed')
    await patch(id, { allowed_ips: null })
    expect(await outcomeOf(key)).toBe('200')
  })

  it('reactivates an expired key with a later expiry', async () => {
    const soon = new Date(app.clock.now() + 60_000).toISOString()
    const { id, key } = await makeKey(app, as, { expires_at: soon })
    app.clock.skip(60_000)
    expect(await outcomeOf(key)).toBe('401 expired_api_key')
    await patch(id, { expires_at: null })
    expect(await outcomeOf(key)).toBe('200')
  })

  it('without a difference is a 200 that changes nothing', async () => {
    const { id } = await makeKey(app, as, { name: 'Same', scopes: ['contacts:read'] })
    const before = await read(id)
    for (const body of [{}, { name: 'Same' }, { scopes: ['contacts:read'], is_active: true }]) {
      expect(await outcome(patch(id, body))).toBe('200')
    }
    expect(await read(id)).toEqual(before)
  })

  it.each<[string, Record<string, unknown>]>([
    ['name', { name: '' }],
    ['name', { name: null }],
    ['format', { format: 'whm' }],
    ['is_active', { is_active: null }],
    ['is_active', { is_active: 'false' }],
    ['is_active', { is_active: 0 }],
    ['expires_at', { expires_at: '2001-01-01T00:00:00Z' }],
    ['scopes.0', { scopes: ['nope'] }],
    ['scopes', { scopes: 'contacts:read' }],
    ['allowed_ips', { allowed_ips: [] }],
    ['id', { id: 'x' }],
    ['status', { status: 'active' }],
    ['revoked_at', { revoked_at: null }],
    ['key', { key: 'x' }],
    ['created_by', { created_by: 'x' }],
    ['account_id', { account_id: 'x' }],
    ['disabled', { disabled: false }],
    ['replaced_by', { replaced_by: null }],
    ['credits', { credits: 5 }],
    ['credits.remaining', { credits: { refill: null } }],
    ['limits_by', { external_id: null, limits_by: 'external_id' }],
  ])('refuses %s in %j by name and changes nothing', async (path, body) => {
    const { id } = await makeKey(app, as)
    const before = await read(id)
    const answer = await patch(id, { external_id: 'changed', ...body })
    expect([answer.status, answer.body.code], answer.text).toEqual([400, 'invalid_request'])
    expect(answer.body.errors.map((error: { path: string }) => error.path)).toEqual([path])
    expect(await read(id)).toEqual(before)
  })

  it('of a revoked key is a 409 for any body, and the key stays revoked', async () => {
    const { id, key } = await makeKey(app, as)
    await app.request('DELETE', url(id), { as })
    for (const body of [{}, { name: 'New' }, { is_active: true }, { expires_at: null }]) {
      expect(await outcome(patch(id, body))).toBe('409 conflict')
    }
    expect(await outcomeOf(key)).toBe('401 revoked_api_key')
    expect((await read(id)).name).toBe('A key')
  })

  it('loses no change when several run concurrently', async () => {
    const { id } = await makeKey(app, as)
    const bodies = [
      { name: 'One' },
      { external_id: 'two' },
      { metadata: { three: 3 } },
      { allowed_ips: ['192.0.2.4'] },
    ]
    const answers = await Promise.all(bodies.map((body) => patch(id, body)))
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200])
    expect(await read(id)).toMatchObject(Object.assign({}, ...bodies))
  })
})

describe('DELETE', () => {
  const deleted = { status: 'success', data: { message: 'API key deleted successfully' } }

  it('revokes from the next request on, and is idempotent', async () => {
    const { id, key } = await makeKey(app, as)
    expect(await outcomeOf(key)).toBe('200')
    const first = await app.request('DELETE', url(id), { as })
    expect([first.status, first.body]).toEqual([200, deleted])
    expect(await outcomeOf(key)).toBe('401 revoked_api_key')
    const before = await read(id)
    expect(before).toMatchObject({
      status: 'revoked',
      is_active: false,
      revoked_by: account.owner.id,
    })
    const again = await app.request('DELETE', url(id), { as: account.admin.jwt })
    expect([again.status, again.body]).toEqual([200, deleted])
    expect(await read(id)).toEqual(before)
  })

  it('also revokes keys that are disabled or expired', async () => {
    const soon = new Date(app.clock.now() + 60_000).toISOString()
    const { id, key } = await makeKey(app, as, { expires_at: soon })
    await patch(id, { is_active: false })
    app.clock.skip(60_000)
    expect(await outcome(app.request('DELETE', url(id), { as }))).toBe('200')
    expect(await outcomeOf(key)).toBe('401 revoked_api_key')
  })

  it('answers 202 with the regions that are not reached, and 200 once they are reached', async () => {
    const { id, key } = await makeKey(app, as)
    expect(await outcomeOf(key)).toBe('200')
    const unreached = await createTestApp({ clock: app.clock, bindings: down(['FENCE']) })
    for (let attempt = 0; attempt < 2; attempt++) {
      const answer = await unreached.request('DELETE', url(id), { as })
      expect([answer.status, answer.body.status], answer.text).toEqual([202, 'success'])
      expect(answer.body.data.pending_regions).toEqual(['enam'])
    }
    const answer = await app.request('DELETE', url(id), { as })
    expect([answer.status, answer.body]).toEqual([200, deleted])
    expect(await outcomeOf(key)).toBe('401 revoked_api_key')
  })
})

describe('rotation', () => {
  it('issues a token with the powers of the old one, which expires at once', async () => {
    const facts = { name: 'Rotated', scopes: ['contacts:read'], format: 'wacrm_live' }
    const more = { expires_at: '2099-12-31T23:59:59.000Z', external_id: 'x', metadata: { a: 1 } }
    const old = await makeKey(app, account.admin.jwt, { ...facts, ...more })
    expect(await outcomeOf(old.key)).toBe('200')
    const answer = await rotate(old.id)
    expect(answer.status, answer.text).toBe(201)
    expect(answer.headers.get('cache-control')).toBe('no-store')
    const { key, id } = answer.body.data
    expect(key).toMatch(/^wacrm_live_[0-9A-Za-z]{39}$/)
    expect(answer.body.data).toMatchObject({
      ...facts,
      ...more,
      status: 'active',
      replaced_by: null,
    })
    expect(answer.body.data.created_by).toBe(account.admin.id)
    expect(await outcomeOf(key)).toBe('200')
    expect(await outcomeOf(key, '/api/messages', 'POST')).toBe('403 insufficient_scope')
    expect(await outcomeOf(old.key)).toBe('401 expired_api_key')
    expect(await read(old.id)).toMatchObject({ replaced_by: id, status: 'expired' })
  })

  it('keeps the old token valid until the exact end of the overlap', async () => {
    const old = await makeKey(app, as)
    const start = app.clock.now()
    const { body } = await rotate(old.id, { overlap_seconds: 3_600 })
    const end = Date.parse((await read(old.id)).expires_at)
    expect(end - start).toBeGreaterThanOrEqual(3_600_000)
    expect(end - start).toBeLessThan(3_610_000)
    expect([await outcomeOf(old.key), await outcomeOf(body.data.key)]).toEqual(['200', '200'])
    app.clock.skip(end - app.clock.now())
    expect([await outcomeOf(old.key), await outcomeOf(body.data.key)]).toEqual([
      '401 expired_api_key',
      '200',
    ])
  })

  it('never extends the expiry of the old token', async () => {
    const expires_at = new Date(app.clock.now() + 60_000).toISOString()
    const old = await makeKey(app, as, { expires_at })
    const { body } = await rotate(old.id, { overlap_seconds: 86_400 })
    expect((await read(old.id)).expires_at).toBe(expires_at)
    expect(body.data.expires_at).toBe(expires_at)
  })

  it('of an inheriting key issues one that inherits from the same person', async () => {
    const person = await addPerson(account.id, 'admin')
    const old = await makeKey(app, person.jwt)
    const { body } = await rotate(old.id)
    expect(body.data).toMatchObject({ scopes: null, created_by: person.id })
    await env.DB.prepare('DELETE FROM member WHERE id = ?').bind(person.memberId).run()
    app.clock.skip(10_000)
    expect(await outcomeOf(body.data.key)).toBe('403 insufficient_scope')
  })

  it('requires no body', async () => {
    const old = await makeKey(app, as)
    const answer = await app.request('POST', url(old.id, '/rotate'), { as })
    expect(answer.status, answer.text).toBe(201)
  })

  it('reads its overlap for every JSON content type', async () => {
    for (const type of [
      'application/json; charset=utf-8',
      'Application/JSON',
      'application/json;charset=UTF-8',
    ]) {
      const old = await makeKey(app, as)
      const options = { as, body: { overlap_seconds: 60 }, headers: { 'content-type': type } }
      const answer = await app.request('POST', url(old.id, '/rotate'), options)
      // Refusing is safe; ignoring the overlap would end the old key at once.
      if (answer.status !== 201) expect([answer.status, type]).toEqual([415, type])
      expect(await outcomeOf(old.key)).toBe('200')
    }
  })

  it.each([
    { overlap_seconds: -1 },
    { overlap_seconds: 1.5 },
    { overlap_seconds: '60' },
    { overlap_seconds: null },
    { overlap_seconds: 1e9 },
    { overlap: 60 },
    { overlap_seconds: 1, name: 'x' },
    [],
    null,
    'text',
  ])('with %j is a 400 and leaves the key as it is', async (body) => {
    const old = await makeKey(app, as)
    const answer = await rotate(old.id, JSON.stringify(body))
    expect([answer.status, answer.body.code], answer.text).toEqual([400, 'invalid_request'])
    expect(await outcomeOf(old.key)).toBe('200')
    expect((await read(old.id)).replaced_by).toBeNull()
  })

  it('of a key that is revoked, expired or already rotated is a 409', async () => {
    const revoked = await makeKey(app, as)
    await app.request('DELETE', url(revoked.id), { as })
    const expires_at = new Date(app.clock.now() + 60_000).toISOString()
    const expired = await makeKey(app, as, { expires_at })
    app.clock.skip(60_000)
    const rotated = await makeKey(app, as)
    expect(await outcome(rotate(rotated.id, { overlap_seconds: 1_000 }))).toBe('201')
    for (const { id } of [revoked, expired, rotated]) {
      expect(await outcome(rotate(id))).toBe('409 conflict')
    }
    expect(await outcomeOf(rotated.key)).toBe('200')
  })

  it('of a disabled key enables nothing', async () => {
    const old = await makeKey(app, as)
    await patch(old.id, { is_active: false })
    const answer = await rotate(old.id)
    if (answer.status === 201)
      expect(await outcomeOf(answer.body.data.key)).toBe('401 disabled_api_key')
    else expect(answer.status).toBe(409)
  })

  it('issues one new key when two run concurrently', async () => {
    const old = await makeKey(app, as)
    const answers = await Promise.all([rotate(old.id), rotate(old.id), rotate(old.id)])
    expect(answers.map(({ status }) => status).sort()).toEqual([201, 409, 409])
    const made = answers.find(({ status }) => status === 201)?.body.data
    expect((await read(old.id)).replaced_by).toBe(made.id)
    expect(await outcomeOf(made.key)).toBe('200')
    const events = await env.DB.prepare(
      "SELECT count(*) AS n FROM audit_event WHERE key_id = ? AND action = 'key.rotated'",
    )
      .bind(old.id)
      .first<{ n: number }>()
    expect(events?.n).toBe(1)
  })
})

describe('revoking many', () => {
  it('by ids revokes and counts the keys of the account that are not revoked yet', async () => {
    const foreign = await openAccount('Globex')
    const theirs = await makeKey(app, foreign.owner.jwt)
    const keys = await Promise.all([1, 2, 3].map(() => makeKey(app, as)))
    const spared = await makeKey(app, as)
    await app.request('DELETE', url(keys[0]?.id as string), { as })
    const ids = [...keys, theirs].map(({ id }) => id)
    const unknown = crypto.randomUUID()
    const answer = await revokeMany({ ids: [...ids, unknown] })
    const missing = [theirs.id, unknown]
    expect([answer.status, answer.body.data], answer.text).toEqual([200, { revoked: 2, missing }])
    for (const { key } of keys) expect(await outcomeOf(key)).toBe('401 revoked_api_key')
    for (const { key } of [theirs, spared]) expect(await outcomeOf(key)).toBe('200')
    expect((await revokeMany({ ids })).body.data).toEqual({ revoked: 0, missing: [theirs.id] })
  })

  it('by created_by revokes all keys of one person in this account only', async () => {
    const person = await addPerson(account.id, 'admin')
    const mine = await Promise.all([makeKey(app, person.jwt), makeKey(app, person.jwt)])
    const spared = await makeKey(app, as)
    const answer = await revokeMany({ created_by: person.id })
    expect([answer.status, answer.body.data]).toEqual([200, { revoked: 2, missing: [] }])
    for (const { key } of mine) expect(await outcomeOf(key)).toBe('401 revoked_api_key')
    expect(await outcomeOf(spared.key)).toBe('200')
    const foreign = await openAccount('Globex')
    const theirs = await makeKey(app, foreign.owner.jwt)
    const none = { revoked: 0, missing: [foreign.owner.id] }
    expect((await revokeMany({ created_by: foreign.owner.id })).body.data).toEqual(none)
    expect(await outcomeOf(theirs.key)).toBe('200')
  })

  it('by external_id revokes the keys of exactly that id', async () => {
    const [one, like] = [
      await makeKey(app, as, { external_id: 'customer-1' }),
      await makeKey(app, as, { external_id: 'customer-10' }),
    ]
    const none = { revoked: 0, missing: ['customer-_'] }
    expect((await revokeMany({ external_id: 'customer-_' })).body.data).toEqual(none)
    expect((await revokeMany({ external_id: 'customer-1' })).body.data).toEqual({
      revoked: 1,
      missing: [],
    })
    expect([await outcomeOf(one.key), await outcomeOf(like.key)]).toEqual([
      '401 revoked_api_key',
      '200',
    ])
  })

  it('writes one audit event per key, all with the same request id', async () => {
    const keys = await Promise.all([makeKey(app, as), makeKey(app, as)])
    const answer = await revokeMany({ ids: keys.map(({ id }) => id) })
    for (const { id } of keys) {
      const { body } = await app.request(
        'GET',
        `/api/audit-events?key_id=${id}&action=key.revoked`,
        {
          as,
        },
      )
      expect(body.data).toHaveLength(1)
      expect(body.data[0].request_id).toBe(answer.headers.get('x-request-id'))
    }
  })

  it.each<[unknown]>([
    [{}],
    [{ ids: [] }],
    [{ ids: ['x'] }],
    [{ ids: 'x' }],
    [{ ids: null }],
    [{ created_by: 'x' }],
    [{ external_id: '' }],
    [{ ids: [crypto.randomUUID()], external_id: 'x' }],
    [{ created_by: null }],
    [{ all: true }],
    [null],
    [[]],
    [{ ids: Array.from({ length: 1_001 }, () => crypto.randomUUID()) }],
  ])('with %.60j is a 400 and revokes nothing', async (body) => {
    const { key } = await makeKey(app, as)
    const answer = await revokeMany(JSON.stringify(body))
    expect([answer.status, answer.body.code], answer.text).toEqual([400, 'invalid_request'])
    expect(answer.body.errors.length).toBeGreaterThan(0)
    expect(await outcomeOf(key)).toBe('200')
  })
})

describe('Prefer: respond-async', () => {
  const headers = { prefer: 'wait=5, Respond-Async' }

  it('answers 202 with the time by which the change is in force', async () => {
    const { id, key } = await makeKey(app, as)
    expect(await outcomeOf(key)).toBe('200')
    const before = app.clock.now()
    const answer = await app.request('DELETE', url(id), { as, headers })
    expect(answer.status, answer.text).toBe(202)
    expect(answer.headers.get('preference-applied')).toBe('respond-async')
    expect(answer.body.data.message).toBe('API key deleted successfully')
    const effective = Date.parse(answer.body.data.effective_at)
    expect(effective).toBeGreaterThan(before)
    expect(effective - before).toBeLessThan(60_000)
    app.clock.skip(effective - app.clock.now())
    expect(await outcomeOf(key)).toBe('401 revoked_api_key')
  })

  it('applies to every change', async () => {
    const keys = await Promise.all([makeKey(app, as), makeKey(app, as), makeKey(app, as)])
    const [one, two, three] = keys.map(({ id }) => id) as [string, string, string]
    const answers = [
      await app.request('PATCH', url(one), { as, headers, body: { name: 'Async' } }),
      await app.request('POST', url(two, '/rotate'), { as, headers, body: {} }),
      await revokeMany({ ids: [three] }, headers),
    ]
    for (const { status, body } of answers) {
      expect([status, body.data.effective_at]).toEqual([202, expect.stringMatching(/^\d{4}-.*Z$/)])
    }
    expect(answers[0]?.body.data.name).toBe('Async')
    expect(answers[1]?.body.data.key).toMatch(/^whm_/)
    expect(answers[1]?.headers.get('cache-control')).toBe('no-store')
    expect(answers[2]?.body.data.revoked).toBe(1)
  })

  it('is not implied by other preferences', async () => {
    const { id } = await makeKey(app, as)
    const answer = app.request('DELETE', url(id), {
      as,
      headers: { prefer: 'respond-asynchronously, wait=1' },
    })
    expect(await outcome(answer)).toBe('200')
  })
})
