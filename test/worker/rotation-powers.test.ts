// What a rotation may change, the expiry, and what it keeps, the environment.
import { createExecutionContext, waitOnExecutionContext } from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import { beforeAll, describe, expect, it } from 'vitest'
import type { Config } from '../../src/core/config.ts'
import { createIsolate } from '../../src/worker/context.ts'
import { verifyByBinding } from '../../src/worker/rpc.ts'
import { type Account, makeKey, openAccount, outcome } from '../support/account.ts'
import config from '../support/latchkey.config.ts'
import { createSkippingClock, createTestApp, type TestApp } from '../support/test-app.ts'

const clock = createSkippingClock()
let app: TestApp
let account: Account
let owner: string
beforeAll(async () => {
  app = await createTestApp({ clock })
  account = await openAccount()
  owner = account.owner.jwt
})

const inSeconds = (seconds: number) => new Date(clock.now() + seconds * 1_000).toISOString()
const rotate = (id: string, body: unknown, as = owner, headers: HeadersInit = {}) =>
  app.request('POST', `/api/api-keys/${id}/rotate`, { as, body, headers })
const me = (key: string) => outcome(app.request('GET', '/api/v1/me', { key }))
const read = async (id: string) =>
  (await app.request('GET', `/api/api-keys/${id}`, { as: owner })).body.data

describe('expires_at of a rotation', () => {
  it('is that of the new key, earlier, later or null; left out it stays', async () => {
    const expires_at = inSeconds(1_000)
    for (const [body, expected] of [
      [{}, expires_at],
      [{ expires_at: '2098-01-01T00:00:00+01:00' }, '2097-12-31T23:00:00.000Z'],
      [{ expires_at: null }, null],
    ] as const) {
      const { id } = await makeKey(app, owner, { expires_at })
      const { status, body: made, text } = await rotate(id, { overlap_seconds: 600, ...body })
      expect([status, made.data.expires_at], text).toEqual([201, expected])
      expect((await read(made.data.id)).expires_at).toBe(expected)
    }
    const soon = inSeconds(60)
    const { id } = await makeKey(app, owner, { expires_at })
    const { body } = await rotate(id, { expires_at: soon })
    expect(await me(body.data.key)).toBe('200')
    clock.skip(60_000)
    expect(await me(body.data.key)).toBe('401 expired_api_key')
  })

  it('does not move the end of the old key', async () => {
    const end = inSeconds(300)
    const { id } = await makeKey(app, owner, { expires_at: end })
    expect((await rotate(id, { overlap_seconds: 600, expires_at: null })).status).toBe(201)
    expect((await read(id)).expires_at).toBe(end)
  })

  it.each([
    ['the past', () => inSeconds(-1)],
    ['no time', () => 'tomorrow'],
    ['a number', () => 4_102_444_800_000],
  ])('is a 400 for %s, and the key stays as it is', async (_, expires_at) => {
    const { id, key } = await makeKey(app, owner)
    const { status, body } = await rotate(id, { expires_at: expires_at() })
    expect([status, body.errors?.map(({ path }: { path: string }) => path)]).toEqual([
      ...[400, ['expires_at']],
    ])
    expect(await me(key)).toBe('200')
    expect((await read(id)).replaced_by).toBeNull()
  })

  it('may have passed where the request is repeated, and is a part of its payload', async () => {
    const { id } = await makeKey(app, owner)
    const body = { expires_at: inSeconds(60) }
    const headers = { 'idempotency-key': 'once' }
    const first = await rotate(id, body, owner, headers)
    expect(first.status).toBe(201)
    clock.skip(120_000)
    const repeat = await rotate(id, body, owner, headers)
    expect([repeat.status, repeat.body.key_id]).toEqual([409, first.body.data.id])
    for (const other of [{}, { expires_at: null }, { expires_at: inSeconds(60) }]) {
      expect(await outcome(rotate(id, other, owner, headers))).toBe('422 idempotency_key_reused')
    }
  })

  it('stands in the audit trail where it is given', async () => {
    const expires_at = '2098-01-01T00:00:00.000Z'
    const detailOf = async (body: object) => {
      const { id } = await makeKey(app, owner)
      const made = (await rotate(id, body)).body.data.id
      const path = `/api/audit-events?key_id=${id}&action=key.rotated`
      const { data } = (await app.request('GET', path, { as: owner })).body
      expect(data[0].detail.replaced_by).toBe(made)
      return data[0].detail
    }
    expect(await detailOf({ expires_at })).toMatchObject({ expires_at })
    expect(await detailOf({ expires_at: null })).toMatchObject({ expires_at: null })
    expect(await detailOf({})).not.toHaveProperty('expires_at')
  })
})

describe('expires_at is a power of the new key', () => {
  it('so that a managing key stays within its max_lifetime', async () => {
    const manager = await makeKey(app, owner, {
      scopes: ['keys:manage'],
      may_grant: { max_lifetime: 1_000 },
    })
    const made = () => makeKey(app, owner, { scopes: [], expires_at: inSeconds(500) })
    const by = (id: string, expires_at: string | null) =>
      outcome(rotate(id, { expires_at }, manager.key))
    for (const beyond of [null, inSeconds(2_000)]) {
      expect(await by((await made()).id, beyond)).toBe('403 forbidden')
    }
    expect(await by((await made()).id, inSeconds(900))).toBe('201')
    expect(await by((await made()).id, inSeconds(100))).toBe('201')
  })

  it('so that a key that rotates itself only keeps or tightens it', async () => {
    const itself = () =>
      makeKey(app, owner, {
        ...{ scopes: ['keys:manage'], may_grant: {}, expires_at: inSeconds(500) },
      })
    const by = async (body: { expires_at?: string | null }) => {
      const { id, key } = await itself()
      return outcome(rotate(id, body, key))
    }
    expect(await by({ expires_at: null })).toBe('403 forbidden')
    expect(await by({ expires_at: inSeconds(501) })).toBe('403 forbidden')
    expect(await by({ expires_at: inSeconds(499) })).toBe('201')
    expect(await by({})).toBe('201')
  })

  it('so that a repeated request needs the right to it too', async () => {
    const manager = await makeKey(app, owner, {
      scopes: ['keys:manage'],
      may_grant: { max_lifetime: 1_000 },
    })
    const { id } = await makeKey(app, owner, { scopes: [], expires_at: inSeconds(500) })
    const body = { overlap_seconds: 600, expires_at: inSeconds(900) }
    const headers = { 'idempotency-key': 'repeat' }
    expect(await outcome(rotate(id, body, manager.key, headers))).toBe('201')
    await env.DB.prepare('UPDATE api_key SET may_grant = ? WHERE id = ?')
      .bind(
        JSON.stringify({
          ...{ scopes: null, environments: null, externalIds: null, rateLimit: null },
          ...{ maxLifetime: 600, maxKeys: null },
        }),
        manager.id,
      )
      .run()
    expect(await outcome(rotate(id, body, manager.key, headers))).toBe('403 forbidden')
  })
})

describe('the environment of a rotated key', () => {
  const { whm, wacrm_test } = config.formats as Record<string, NonNullable<Config['formats']['x']>>
  const hex = { alphabet: 'hex' as const, length: 32 }
  const foreign = {
    old_live: { prefix: 'ol_', ...hex },
    old_test: { prefix: 'ot_', ...hex, environment: 'test' },
    old_staging: { prefix: 'os_', ...hex, environment: 'staging' },
  }
  const appWith = (formats: Config['formats']) => {
    const [defaultFormat = ''] = Object.keys(formats)
    const isolate = createIsolate({ ...config, formats, foreign, defaultFormat }, clock)
    return createTestApp({ clock, isolate })
  }
  const imported = async (at: TestApp, format: string) => {
    const digest = crypto.getRandomValues(new Uint8Array(32)).toHex()
    const body = { keys: [{ digest, format, name: 'Moved', scopes: [] }] }
    const { body: answer } = await at.request('POST', '/api/api-keys/import', { as: owner, body })
    return answer.data[0].id as string
  }
  const rotated = (at: TestApp, id: string) =>
    at.request('POST', `/api/api-keys/${id}/rotate`, { as: owner, body: {} })

  it('stays: its own format where that is configured, else another of the same environment', async () => {
    const at = await appWith({
      test: wacrm_test,
      whm,
      ...{ second: { ...whm, prefix: 'x_' } },
    } as never)
    for (const [format, successor, environment] of [
      ['old_live', 'whm', 'live'],
      ['old_test', 'test', 'test'],
    ] as const) {
      const { status, body, text } = await rotated(at, await imported(at, format))
      expect(status, text).toBe(201)
      expect(body.data).toMatchObject({ format: successor, environment })
    }
    const own = await makeKey(at, owner, { format: 'second' })
    expect((await rotated(at, own.id)).body.data.format).toBe('second')
  })

  it('of a format that is gone is live, and so is its successor', async () => {
    const at = await appWith({ test: wacrm_test, whm } as never)
    const { id } = await makeKey(app, owner, { format: 'wacrm_live' })
    expect((await rotated(at, id)).body.data).toMatchObject({ format: 'whm', environment: 'live' })
  })

  it('is a 409 that names it where no format has it, and the key stays as it is', async () => {
    const at = await appWith({ whm } as never)
    const id = await imported(at, 'old_staging')
    const { status, body } = await rotated(at, id)
    expect([status, body.code]).toEqual([409, 'conflict'])
    expect(body.detail).toContain('staging')
    expect((await read(id)).replaced_by).toBeNull()
    await at.request('DELETE', `/api/api-keys/${id}`, { as: owner })
    expect((await rotated(at, id)).body.detail).toContain('revoked')
  })
})

describe('a key that is born disabled', () => {
  it('is refused on every surface until it is enabled', async () => {
    const verifier = await makeKey(app, owner, { scopes: ['keys:verify'] })
    const scopes = ['contacts:read', 'keys:manage']
    const { id, key } = await makeKey(app, owner, { scopes, is_active: false })
    expect((await read(id)).status).toBe('disabled')
    const surfaces = async () => {
      const body = { token: key }
      const verify = await app.request('POST', '/api/v1/keys/verify', { as: verifier.key, body })
      const batch = await app.request('POST', '/api/v1/keys/verify-batch', {
        ...{ as: verifier.key, body: { keys: [body] } },
      })
      const context = createExecutionContext()
      const rpc = await verifyByBinding(app.isolate, env, context, body)
      await waitOnExecutionContext(context)
      const introspect = await app.request('POST', '/api/v1/introspect', {
        as: verifier.key,
        headers: { 'content-type': 'application/x-www-form-urlencoded' },
        body: `token=${key}`,
      })
      const held = { 'x-original-method': 'GET', 'x-original-uri': '/api/contacts' }
      return {
        me: await me(key),
        gateway: await outcome(app.request('GET', '/api/contacts', { key })),
        forwardAuth: await outcome(
          app.request('GET', '/forward-auth/nginx/crm', { key, headers: held }),
        ),
        management: await outcome(app.request('GET', '/api/account', { key })),
        verify: verify.body.data.code,
        batch: batch.body.data[0].code,
        rpc: rpc.code,
        introspection: introspect.body.active,
      }
    }
    const refused = '401 disabled_api_key'
    expect(await surfaces()).toEqual({
      ...{ me: refused, gateway: refused, forwardAuth: refused, management: refused },
      ...{ verify: 'disabled_api_key', batch: 'disabled_api_key', rpc: 'disabled_api_key' },
      introspection: false,
    })
    const body = { is_active: true }
    await app.request('PATCH', `/api/api-keys/${id}`, { as: owner, body })
    expect(await surfaces()).toEqual({
      ...{ me: '200', gateway: '200', forwardAuth: '200', management: '200' },
      ...{ verify: 'valid', batch: 'valid', rpc: 'valid', introspection: true },
    })
  })
})
