// Verification by services: POST /api/v1/keys/verify and verify-batch over HTTP, and the RPC of a
// service binding. Both return the same, and neither reports an unknown verdict as an invalid key.
import { createExecutionContext, waitOnExecutionContext } from 'cloudflare:test'
import { env, exports } from 'cloudflare:workers'
import { beforeAll, describe, expect, it } from 'vitest'
import type { BindingVerifyRequest } from '../../src/contract/verify.ts'
import { mintToken } from '../../src/core/token.ts'
import { verifyByBinding } from '../../src/worker/rpc.ts'
import { type Account, type MadeKey, makeKey, openAccount, outcome } from '../support/account.ts'
import { down, type Store } from '../support/outage.ts'
import { createStillClock, createTestApp, type TestApp } from '../support/test-app.ts'
import { watchBindings } from '../support/watch.ts'

const path = '/api/v1/keys/verify'
const batchPath = '/api/v1/keys/verify-batch'

let app: TestApp
let acme: Account
let globex: Account
/** Acme's service, which holds keys:verify. */
let service: string

beforeAll(async () => {
  app = await createTestApp()
  acme = await openAccount('Acme Inc')
  globex = await openAccount('Globex')
  service = (await makeKey(app, acme.owner.jwt, { name: 'Edge', scopes: ['keys:verify'] })).key
})

const issue = (body: Record<string, unknown> = {}, as = acme.owner.jwt) => makeKey(app, as, body)

async function verified(body: Record<string, unknown>, at = app) {
  const answer = await at.request('POST', path, { key: service, body })
  expect(answer.status, answer.text).toBe(200)
  expect(answer.body.status).toBe('success')
  return answer.body.data
}

/** A token with a valid tag that was never stored. */
async function unknownToken(): Promise<string> {
  const format = app.isolate.config.formats.whm
  if (format === undefined) throw new Error('There is no format whm.')
  const tagKeys = await app.isolate.tagKeys(env.TAG_SECRETS)
  return mintToken(format, tagKeys, (bytes) => crypto.getRandomValues(bytes))
}

const nothing = {
  ...{ key: null, account: null, scopes: null, resources: null },
  ...{ rate_limit: null, credits: null },
}
const invalid = { valid: false, code: 'invalid_api_key', ...nothing }

describe('a service that verifies a key of its account', () => {
  it('receives its account, whose key it is, its scopes and its expiry', async () => {
    const expires_at = '2099-12-31T23:59:59.000Z'
    const { key, id } = await issue({
      ...{ name: 'CI', scopes: ['contacts:read', 'contacts:read#7'], expires_at },
      ...{ external_id: 'customer-42', metadata: { plan: { name: 'gold' } } },
    })
    const answer = await app.request('POST', path, {
      as: service,
      body: { token: key, scopes: ['contacts:read'], ip: '192.0.2.1', fresh: true },
    })
    expect(answer.status, answer.text).toBe(200)
    expect(answer.headers.get('cache-control')).toBe('no-store')
    expect(answer.headers.get('x-request-id')).toMatch(/^[0-9a-f-]{36}$/)
    expect(answer.body).toEqual({
      status: 'success',
      data: {
        valid: true,
        code: 'valid',
        key: {
          ...{ id, name: 'CI', external_id: 'customer-42', metadata: { plan: { name: 'gold' } } },
          ...{ environment: 'live', format: 'whm', expires_at },
        },
        account: { id: acme.id, name: 'Acme Inc' },
        scopes: ['contacts:read'],
        resources: [],
        rate_limit: null,
        credits: null,
      },
    })
  })

  it('receives the resolved scopes of an inheriting key', async () => {
    const { key } = await issue({}, acme.admin.jwt)
    const { scopes } = await verified({ token: key })
    expect(scopes).toContain('webhooks:manage')
    expect(scopes).not.toContain('keys:verify')
  })

  it('drops white space around the token, as in a header', async () => {
    const { key, id } = await issue()
    expect(await verified({ token: `\n ${key}\t` })).toMatchObject({ valid: true, key: { id } })
    const answers = await app.request('POST', batchPath, {
      key: service,
      body: { keys: [{ token: ` ${key}` }, { token: `${key.slice(0, 8)} ${key.slice(8)}` }] },
    })
    expect(answers.body.data.map(({ code }: { code: string }) => code)).toEqual([
      'valid',
      'invalid_api_key',
    ])
  })

  it('receives the missing scopes, in the order of the request', async () => {
    const { key, id } = await issue({ scopes: ['contacts:read'] })
    const scopes = ['messages:send', 'contacts:read', 'broadcasts:send']
    expect(await verified({ token: key, scopes })).toMatchObject({
      valid: false,
      code: 'insufficient_scope',
      key: { id },
      scopes: ['contacts:read'],
      missing_scopes: ['messages:send', 'broadcasts:send'],
    })
  })

  it.each([
    ['revoked', 'revoked_api_key', (made: MadeKey) => revoke(made)],
    ['disabled', 'disabled_api_key', (made: MadeKey) => change(made, { is_active: false })],
    ['expired', 'expired_api_key', async () => app.clock.skip(60_000)],
  ])('receives that a key is %s, and its id', async (_, code, end) => {
    const expires_at = new Date(app.clock.now() + 30_000).toISOString()
    const made = await issue({ name: 'Ending', expires_at })
    expect(await verified({ token: made.key })).toMatchObject({ valid: true })
    await end(made)
    const verdict = await verified({ token: made.key })
    expect(verdict).toMatchObject({ valid: false, code, account: { id: acme.id }, scopes: null })
    expect(verdict.key).toMatchObject({ id: made.id, name: 'Ending' })
  })

  it('receives a change on the very next request, in another isolate as well', async () => {
    const other = await createTestApp({ clock: app.clock })
    const made = await issue()
    expect(await verified({ token: made.key })).toMatchObject({ valid: true })
    expect(await verified({ token: made.key }, other)).toMatchObject({ valid: true })
    await revoke(made)
    expect(await verified({ token: made.key }, other)).toMatchObject({ code: 'revoked_api_key' })
  })

  it.each([
    ['its own', '192.0.2.7', 'valid'],
    ['an IPv6 form of its own', '::ffff:192.0.2.7', 'valid'],
    ['another', '198.51.100.1', 'ip_not_allowed'],
    ['no', undefined, 'ip_not_allowed'],
    ['a null', null, 'ip_not_allowed'],
  ])('checks %s address for a key with an IP allowlist', async (_, ip, code) => {
    const { key, id } = await issue({ allowed_ips: ['192.0.2.0/24'] })
    // The verifier's own address is not the client's.
    const headers = { 'cf-connecting-ip': '192.0.2.7' }
    const answer = await app.request('POST', path, {
      key: service,
      headers,
      body: { token: key, ip },
    })
    expect(answer.body.data).toMatchObject({ code, key: { id } })
  })

  async function revoke({ id }: MadeKey) {
    const answer = await app.request('DELETE', `/api/api-keys/${id}`, { as: acme.owner.jwt })
    expect(answer.status, answer.text).toBe(200)
  }

  async function change({ id }: MadeKey, body: Record<string, unknown>) {
    const answer = await app.request('PATCH', `/api/api-keys/${id}`, { as: acme.owner.jwt, body })
    expect(answer.status, answer.text).toBe(200)
  }
})

describe('a token of another account', () => {
  it('gets the same response as an unknown, forged, empty or malformed token', async () => {
    const foreign = await issue({}, globex.owner.jwt)
    const tokens = [
      foreign.key,
      await unknownToken(),
      `whm_${'0'.repeat(32)}`,
      '',
      'x',
      'whm_',
      '💣',
    ]
    for (const token of tokens) expect(await verified({ token }), token).toEqual(invalid)
  })

  it('is indistinguishable when it is revoked or lacks a scope', async () => {
    const foreign = await issue({ scopes: [] }, globex.owner.jwt)
    const scopes = ['contacts:read']
    expect(await verified({ token: foreign.key, scopes })).toEqual(invalid)
    await app.request('DELETE', `/api/api-keys/${foreign.id}`, { as: globex.owner.jwt })
    expect(await verified({ token: foreign.key })).toEqual(invalid)
  })
})

describe('access to verification', () => {
  const call = (options: Parameters<TestApp['request']>[2]) =>
    outcome(app.request('POST', path, { body: { token: 'x' }, ...options }))

  it('requires a key', async () => {
    expect(await call({})).toBe('401 missing_credential')
  })

  it('is refused to people, whatever their role', async () => {
    expect(await call({ as: acme.owner.jwt })).toBe('403 insufficient_scope')
    expect(await call({ as: acme.member.jwt })).toBe('403 insufficient_scope')
  })

  it('requires keys:verify, also of an inheriting key of an owner', async () => {
    expect(await call({ key: (await issue()).key })).toBe('403 insufficient_scope')
    const { key } = await issue({ scopes: ['keys:manage'] })
    const answer = await app.request('POST', path, { key, body: { token: key } })
    expect(answer.status).toBe(403)
    expect(answer.headers.get('www-authenticate')).toContain('scope="keys:verify"')
  })

  it('is checked before the body is read', async () => {
    expect(await call({ body: 'no JSON' })).toBe('401 missing_credential')
    const headers = { 'content-type': 'text/plain' }
    expect(await call({ body: 'no JSON', headers })).toBe('401 missing_credential')
    expect(await call({ key: 'whm_', body: { scopes: 7 } })).toBe('401 invalid_api_key')
  })

  it('is refused to a service whose own key was revoked', async () => {
    const own = await issue({ scopes: ['keys:verify'] })
    expect(await call({ key: own.key })).toBe('200')
    await app.request('DELETE', `/api/api-keys/${own.id}`, { as: acme.owner.jwt })
    expect(await call({ key: own.key })).toBe('401 revoked_api_key')
  })
})

describe('an invalid request', () => {
  it.each([
    [{}, 'token'],
    [{ token: 7 }, 'token'],
    [{ token: null }, 'token'],
    [{ token: 'x', scopes: ['contacts:read', 'contacts:raed'] }, 'scopes.1'],
    [{ token: 'x', scopes: ['toString'] }, 'scopes.0'],
    [{ token: 'x', scopes: 'contacts:read' }, 'scopes'],
    [{ token: 'x', scope: 'contacts:read' }, 'scope'],
    [{ token: 'x', ip: 'not an address' }, 'ip'],
    [{ token: 'x', ip: '192.0.2.0/24' }, 'ip'],
    [{ token: 'x', ip: '0x7f.1' }, 'ip'],
    [{ token: 'x', cost: -1 }, 'cost'],
    [{ token: 'x', cost: 0.5 }, 'cost'],
    [{ token: 'x', idempotencyKey: '' }, 'idempotencyKey'],
    [{ token: 'x', idempotencyKey: 'x'.repeat(256) }, 'idempotencyKey'],
    [{ token: 'x', fresh: 'yes' }, 'fresh'],
  ])('%j is a 400 that names %s', async (body, field) => {
    const answer = await app.request('POST', path, { key: service, body })
    expect(answer.status, answer.text).toBe(400)
    expect(answer.body.code).toBe('invalid_request')
    expect(answer.body.errors.map((error: { path: string }) => error.path)).toEqual([field])
  })

  it('is refused when it is not JSON, or too large', async () => {
    const refused = (body: string, type: string) =>
      outcome(app.request('POST', path, { key: service, body, headers: { 'content-type': type } }))
    expect(await refused('{', 'application/json')).toBe('400 invalid_request')
    expect(await refused('token=x', 'application/x-www-form-urlencoded')).toBe(
      '415 unsupported_media_type',
    )
    const large = JSON.stringify({ token: 'x'.repeat(70_000) })
    expect(await refused(large, 'application/json')).toBe('413 payload_too_large')
  })

  it('may contain a cost and an idempotency key without effect on an unlimited key', async () => {
    const { key } = await issue()
    const body = { token: key, cost: 3, idempotencyKey: 'order-1' }
    expect(await verified(body)).toMatchObject({ valid: true, credits: null })
  })
})

describe('a batch', () => {
  it('returns the results in the order of the request', async () => {
    const [first, second] = [await issue({ scopes: ['contacts:read'] }), await issue()]
    const foreign = await issue({}, globex.owner.jwt)
    const keys = [
      { token: foreign.key },
      { token: second.key },
      { token: first.key, scopes: ['messages:send'] },
      { token: 'x' },
      { token: first.key },
      { token: second.key },
    ]
    const answer = await app.request('POST', batchPath, { key: service, body: { keys } })
    expect(answer.status, answer.text).toBe(200)
    const verdict = answer.body.data.map((each: { code: string; key: { id: string } | null }) => [
      each.code,
      each.key?.id,
    ])
    expect(verdict).toEqual([
      ['invalid_api_key', undefined],
      ['valid', second.id],
      ['insufficient_scope', first.id],
      ['invalid_api_key', undefined],
      ['valid', first.id],
      ['valid', second.id],
    ])
  })

  it('holds 1 to 100 keys', async () => {
    const sized = (length: number) =>
      app.request('POST', batchPath, {
        key: service,
        body: { keys: Array.from({ length }, () => ({ token: 'x' })) },
      })
    expect((await sized(0)).body.errors[0].path).toBe('keys')
    expect((await sized(101)).body.errors[0].path).toBe('keys')
    expect((await sized(100)).body.data).toHaveLength(100)
  })

  it('fails as a whole when one verdict is unknown', async () => {
    const [known, cold] = [await issue(), await issue()]
    const broken = await createTestApp({
      clock: app.clock,
      isolate: app.isolate,
      bindings: down(['DB', 'KEY_CACHE']),
    })
    expect(await verified({ token: known.key })).toMatchObject({ valid: true })
    const keys = [{ token: known.key }, { token: cold.key }]
    const pending = broken.request('POST', batchPath, { key: service, body: { keys } })
    expect(await outcome(pending)).toBe('503 authority_unavailable')
  })
})

describe('an unavailable authority', () => {
  it.each<[Store[], 'throws' | 'hangs']>([
    [['DB', 'KEY_CACHE'], 'throws'],
    [['DB', 'FENCE'], 'throws'],
    [['DB', 'KEY_CACHE', 'FENCE'], 'hangs'],
  ])('with %j down is a 503, never a refusal', async (stores, failure) => {
    const { key } = await issue()
    const isolate = app.isolate
    const broken = await createTestApp({
      clock: app.clock,
      isolate,
      bindings: down(stores, failure),
    })
    await verified({ token: 'x' })
    const answer = await broken.request('POST', path, { key: service, body: { token: key } })
    expect(answer.status, answer.text).toBe(503)
    expect(answer.headers.get('retry-after')).toBe('1')
    expect(answer.body).toMatchObject({ code: 'authority_unavailable' })
    expect(answer.body).not.toHaveProperty('data')
  })
})

describe('a service binding', () => {
  async function callRpc(request: unknown, at = app, bindings: Partial<Env> = {}) {
    const context = createExecutionContext()
    const all = { ...env, ...bindings }
    const pending = verifyByBinding(at.isolate, all, context, request as BindingVerifyRequest)
    const answer = await pending.finally(() => waitOnExecutionContext(context))
    // What cannot be cloned cannot leave the Worker.
    return structuredClone(answer)
  }

  it('verifies keys of every account without a key of its own, with the same result as HTTP', async () => {
    const scopes = ['contacts:read']
    const mine = await issue({ scopes })
    const theirs = await issue({ scopes }, globex.owner.jwt)
    const input = { token: mine.key, scopes }
    expect(await callRpc(input)).toEqual(await verified(input))
    const verdict = await callRpc({ token: theirs.key, scopes })
    expect(verdict).toMatchObject({ valid: true, account: { id: globex.id, name: 'Globex' } })
  })

  it('reaches the Worker’s default export by real RPC', async () => {
    const { key, id } = await issue()
    const answer = await exports.default.verify({ token: key, ip: null, cf: undefined })
    expect(answer).toMatchObject({ valid: true, code: 'valid', key: { id } })
    expect(await exports.default.verify({ token: 'x' })).toMatchObject(invalid)
    const healthy = await exports.default.fetch('http://localhost/healthz')
    expect(await healthy.json()).toEqual({ status: 'ok' })
  })

  it('runs concurrently with the reconciler, which applies what crashed Workers left pending', async () => {
    const row = ['enam/0-of-1', 'f'.repeat(64), 1, Date.now() - 60_000]
    const insert = 'INSERT INTO pending_raise (fence, subject, seq, created_at) VALUES (?, ?, ?, ?)'
    await env.DB.prepare(insert)
      .bind(...row)
      .run()
    await exports.default.scheduled({ cron: '* * * * *' } as ScheduledController)
    const { results } = await env.DB.prepare('SELECT * FROM pending_raise').all()
    expect(results).toEqual([])
  })

  // A test's app sends each count by itself, after the answer.
  it('verifies a hot key without a call on any binding but for counting it', async () => {
    const { key } = await issue({ scopes: ['contacts:read'] })
    const watch = watchBindings()
    const isolate = await createTestApp({ clock: createStillClock() })
    const input = { token: key, scopes: ['contacts:read'], ip: '192.0.2.1', cost: 1 }
    expect(await callRpc(input, isolate, watch.bindings)).toMatchObject({ valid: true })
    watch.clear()
    for (let round = 0; round < 50; round++) {
      expect(await callRpc(input, isolate, watch.bindings)).toMatchObject({ valid: true })
    }
    expect(watch.counts()).toEqual({ 'USAGE.send': 50 })
  })

  it('queries only the fence for a hot key when the verdict must be fresh', async () => {
    const { key } = await issue()
    const watch = watchBindings()
    await callRpc({ token: key }, app, watch.bindings)
    await callRpc({ token: key, fresh: true }, app, watch.bindings)
    watch.clear()
    const verdict = await callRpc({ token: key, fresh: true }, app, watch.bindings)
    expect(verdict).toMatchObject({ valid: true })
    expect(watch.counts()).toEqual({ 'FENCE.ask': 1, 'USAGE.send': 1 })
  })

  it('costs no call for a token that was never minted here', async () => {
    const watch = watchBindings()
    for (const token of ['', 'x', `whm_${'0'.repeat(32)}`, 7, null, undefined, {}]) {
      expect(await callRpc({ token }, app, watch.bindings)).toEqual(invalid)
    }
    expect(watch.counts()).toEqual({})
  })

  it.each([
    ['weur', { latitude: '52.37', longitude: '4.89' }],
    ['apac-ne', { latitude: '35.68', longitude: '139.69' }],
    ['enam', undefined],
    ['enam', 'nonsense'],
  ])('queries the fence of %s for %j', async (region, cf) => {
    const { key } = await issue()
    const names: string[] = []
    const FENCE = {
      getByName(name: string) {
        names.push(name)
        return env.FENCE.getByName(name)
      },
    } as unknown as Env['FENCE']
    await callRpc({ token: key, cf }, await createTestApp(), { FENCE })
    expect(names).toEqual([`${region}/0-of-1`])
  })

  it('treats a malformed address as an unknown one', async () => {
    const { key } = await issue({ allowed_ips: ['0.0.0.0/0'] })
    expect(await callRpc({ token: key, ip: '192.0.2.1' })).toMatchObject({ valid: true })
    for (const ip of ['', 'unknown', '0x7f.1', '010.0.0.1', '192.0.2.1, 192.0.2.2']) {
      expect(await callRpc({ token: key, ip }), ip).toMatchObject({ code: 'ip_not_allowed' })
    }
  })

  it.each([
    [null, /one object/],
    ['whm_0123456789', /one object.*given string/],
    [{ token: 'x', scopes: 'contacts:read' }, /scopes/],
    [{ token: 'x', scopes: [7] }, /scopes/],
    [{ token: 'x', scopes: ['contacts:raed'] }, /contacts:raed/],
    [{ token: 'x', scopes: ['constructor'] }, /constructor/],
    [{ token: 'x', ip: 7 }, /ip/],
    [{ token: 'x', cost: '1' }, /cost/],
    [{ token: 'x', cost: -1 }, /cost/],
    [{ token: 'x', cost: Number.NaN }, /cost/],
    [{ token: 'x', idempotencyKey: 7 }, /idempotencyKey/],
    [{ token: 'x', idempotencyKey: '' }, /idempotencyKey/],
    [{ token: 'x', fresh: 1 }, /fresh/],
  ])('rejects %j with a description of the error', async (request, sentence) => {
    const error = await callRpc(request).catch((thrown: unknown) => thrown)
    expect(error).toBeInstanceOf(TypeError)
    expect((error as Error).message).toMatch(sentence)
    expect((error as Error).message).not.toContain('whm_')
  })

  it('throws when the verdict is unknown, so that it cannot be mistaken for a refusal', async () => {
    const { key } = await issue()
    const pending = callRpc({ token: key }, app, down(['DB', 'KEY_CACHE']))
    await expect(pending).rejects.toThrow(/^authority_unavailable: /)
  })
})
