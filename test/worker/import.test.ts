// Import of keys from other systems by their digests: their tokens keep working, and the keys become native.
import { env } from 'cloudflare:workers'
import { describe, expect, it } from 'vitest'
import { readDigest } from '../../src/core/digest.ts'
import { makeKey, openAccount, outcome } from '../support/account.ts'
import {
  betterAuthToken,
  createForeignTestApp,
  type ForeignToken,
  pick,
  unkeyToken,
  wacrmToken,
} from '../support/foreign.ts'
import { createTestApp } from '../support/test-app.ts'
import { watchBindings } from '../support/watch.ts'

const path = '/api/api-keys/import'
const app = await createForeignTestApp()
const acme = await openAccount()

const bring = (keys: unknown[], as = acme.owner.jwt) =>
  app.request('POST', path, { as, body: { keys } })

async function brought({ digest, format }: ForeignToken, more: object = {}): Promise<string> {
  const answer = await bring([
    { digest, format, name: 'Moved', scopes: ['contacts:read'], ...more },
  ])
  expect(answer.body.data).toEqual([{ result: 'created', id: expect.any(String) }])
  return answer.body.data[0].id
}

const me = (key: string) => outcome(app.request('GET', '/api/v1/me', { key }))

describe('a key of another system', () => {
  it.each([
    ['Unkey', unkeyToken],
    ['Better Auth', betterAuthToken],
    ['Wacrm', wacrmToken],
  ])('of %s works with its existing token', async (_, make) => {
    const foreign = await make()
    expect(await me(foreign.token)).toBe('401 invalid_api_key')
    const id = await brought(foreign, { external_id: 'customer-7', metadata: { plan: 'gold' } })
    const answer = await app.request('GET', '/api/v1/me', { as: foreign.token })
    expect(answer.body.data.key).toEqual({
      id,
      name: 'Moved',
      scopes: ['contacts:read'],
      resources: [],
      expires_at: null,
      external_id: 'customer-7',
      environment: 'live',
    })
    const { body } = await app.request('GET', `/api/api-keys/${id}`, { as: acme.admin.jwt })
    expect(body.data).toMatchObject({
      format: foreign.format,
      status: 'active',
      external_id: 'customer-7',
      metadata: { plan: 'gold' },
      allowed_ips: null,
      created_by: acme.owner.id,
    })
  })

  it('is limited by its scopes, addresses and expiry', async () => {
    const foreign = await unkeyToken()
    const expires_at = new Date(app.clock.now() + 60_000).toISOString()
    await brought(foreign, { expires_at, allowed_ips: ['192.0.2.0/24'] })
    const send = (path: string, ip: string) =>
      outcome(app.request('GET', path, { key: foreign.token, headers: { 'cf-connecting-ip': ip } }))
    expect(await send('/api/contacts', '192.0.2.7')).toBe('200')
    expect(await send('/api/messages', '192.0.2.7')).toBe('403 insufficient_scope')
    expect(await send('/api/contacts', '198.51.100.7')).toBe('403 ip_not_allowed')
    app.clock.skip(60_000)
    expect(await send('/api/contacts', '192.0.2.7')).toBe('401 expired_api_key')
  })

  it('is revoked on its next request', async () => {
    const foreign = await wacrmToken()
    const id = await brought(foreign)
    expect(await me(foreign.token)).toBe('200')
    await app.request('DELETE', `/api/api-keys/${id}`, { as: acme.owner.jwt })
    expect(await me(foreign.token)).toBe('401 revoked_api_key')
  })

  it('gets a token of the default format when it is rotated', async () => {
    const foreign = await betterAuthToken()
    const id = await brought(foreign)
    const rotated = await app.request('POST', `/api/api-keys/${id}/rotate`, {
      as: acme.owner.jwt,
      body: { overlap_seconds: 60 },
    })
    expect(rotated.body.data).toMatchObject({ format: 'whm', scopes: ['contacts:read'] })
    expect(rotated.body.data.key).toMatch(/^whm_[0-9a-f]{32}$/)
    expect([await me(foreign.token), await me(rotated.body.data.key)]).toEqual(['200', '200'])
    app.clock.skip(60_000)
    expect(await me(foreign.token)).toBe('401 expired_api_key')
  })

  it('is unknown to a deployment that does not declare its format', async () => {
    const foreign = await unkeyToken()
    await brought(foreign)
    const other = await createTestApp()
    expect(await outcome(other.request('GET', '/api/v1/me', { key: foreign.token }))).toBe(
      '401 invalid_api_key',
    )
  })

  it('stores eight letters after the prefix of its token', async () => {
    const shown = async (key_prefix: string) => {
      const id = await brought(await wacrmToken(), { key_prefix })
      const { body } = await app.request('GET', `/api/api-keys/${id}`, { as: acme.owner.jwt })
      return body.data.key_prefix
    }
    expect(await shown('wacrm_live_aB3-_xyz')).toBe('aB3-_xyz')
    expect(await shown('aB3-_xyz')).toBe('aB3-_xyz')
    expect(await shown('wacrm_live_aB3-_xyzTHISISMORETHANITSHOULDBE')).toBe('aB3-_xyz')
  })
})

describe('each key gets its own result', () => {
  it('in order, and a refused key does not affect the others', async () => {
    const [one, two] = [await unkeyToken(), await wacrmToken()]
    const good = { name: 'Good', scopes: [] }
    const answer = await bring([
      { ...good, digest: one.digest, format: 'unkey' },
      { ...good, digest: 'no digest', format: 'unkey' },
      { ...good, digest: one.digest, format: 'unkey' },
      { ...good, digest: two.digest, format: 'nobody', scopes: ['no:scope'] },
      'not even an object',
      { ...good, digest: two.digest, format: 'wacrm', expires_at: '2020-01-01T00:00:00Z' },
      { ...good, digest: two.digest, format: 'wacrm', surprise: 1 },
      { ...good, digest: two.digest },
      { ...good, digest: two.digest, format: 'wacrm' },
    ])
    expect(answer.status).toBe(200)
    const results = answer.body.data.map(
      ({ result, errors }: { result: string; errors?: { path: string }[] }) =>
        [result, ...(errors ?? []).map((error) => error.path)].join(' '),
    )
    expect(results).toEqual([
      'created',
      'invalid digest',
      'exists',
      'invalid scopes.0 format',
      'invalid ',
      'invalid expires_at',
      'invalid surprise',
      'invalid format',
      'created',
    ])
    expect([await me(one.token), await me(two.token)]).toEqual(['200', '200'])
  })

  it('reports that a digest exists, and not to whom it belongs', async () => {
    const globex = await openAccount('Globex')
    const foreign = await unkeyToken()
    await brought(foreign)
    const again = { ...foreign, token: undefined, name: 'Mine now', scopes: ['contacts:write'] }
    const answers = [await bring([again]), await bring([again], globex.owner.jwt)]
    for (const { body } of answers) expect(body.data).toEqual([{ result: 'exists' }])
    const { body } = await app.request('GET', '/api/v1/me', { key: foreign.token })
    expect(body.data).toMatchObject({
      account: { id: acme.id },
      key: { scopes: ['contacts:read'] },
    })
  })

  it('does not restore a revoked key', async () => {
    const foreign = await unkeyToken()
    const id = await brought(foreign)
    await app.request('DELETE', `/api/api-keys/${id}`, { as: acme.owner.jwt })
    const { digest, format } = foreign
    const answer = await bring([{ digest, format, name: 'Again', scopes: [] }])
    expect(answer.body.data).toEqual([{ result: 'exists' }])
    expect(await me(foreign.token)).toBe('401 revoked_api_key')
  })

  it('accepts at most a hundred at once, with long metadata', async () => {
    const metadata = { note: 'x'.repeat(4_000) }
    const entry = async () => {
      const { digest, format } = await wacrmToken()
      return { digest, format, name: 'One of many', scopes: [], metadata }
    }
    const hundred = await Promise.all(Array.from({ length: 100 }, entry))
    const answer = await bring(hundred)
    expect(new Set(answer.body.data.map(({ result }: { result: string }) => result))).toEqual(
      new Set(['created']),
    )
    expect(await outcome(bring([...hundred, await entry()]))).toBe('400 invalid_request')
    expect(await outcome(bring([]))).toBe('400 invalid_request')
    expect(await outcome(bring([{ name: 'x'.repeat(600_000) }]))).toBe('413 payload_too_large')
  })

  it('writes an audit event for each key that was stored, in the batch that stores it', async () => {
    const bystander = await openAccount('Audited')
    const [one, two] = [await unkeyToken(), await unkeyToken()]
    const entries = [one, one, two].map(({ digest, format }) => ({ digest, format, name: 'A' }))
    const scoped = entries.map((entry) => ({ ...entry, scopes: ['contacts:read'] }))
    const { body } = await bring(scoped, bystander.owner.jwt)
    const trail = '/api/audit-events?action=key.imported'
    const events = await app.request('GET', trail, { as: bystander.owner.jwt })
    const ids = body.data.flatMap(({ id }: { id?: string }) => (id === undefined ? [] : [id]))
    expect(events.body.data).toHaveLength(2)
    for (const event of events.body.data) {
      expect(event).toMatchObject({
        action: 'key.imported',
        actor: { kind: 'person', id: bystander.owner.id },
        detail: { name: 'A', scopes: ['contacts:read'], format: 'unkey' },
      })
      expect(ids).toContain(event.key_id)
    }
    expect(events.text).not.toContain(one.digest)
  })
})

describe('permissions on import', () => {
  it('are those of an owner in person', async () => {
    const entry = async (scopes?: string[] | null) => {
      const { digest, format } = await unkeyToken()
      return { digest, format, name: 'Granted', ...(scopes !== undefined && { scopes }) }
    }
    const results = async (as: string) => {
      const keys = [
        await entry(['contacts:read']),
        await entry(['contacts:write']),
        await entry(['keys:verify']),
        await entry(null),
        await entry(),
      ]
      const { body } = await bring(keys, as)
      return body.data.map(({ result }: { result: string }) => result).join(' ')
    }
    const manager = await makeKey(app, acme.owner.jwt, { scopes: ['keys:manage'], may_grant: {} })
    expect(await results(acme.owner.jwt)).toBe('created created created created created')
    for (const as of [acme.admin.jwt, manager.key]) {
      expect(await outcome(bring([await entry([])], as))).toBe('403 forbidden')
    }
    const plain = await makeKey(app, acme.owner.jwt, { scopes: ['contacts:read'] })
    expect(await outcome(bring([await entry([])], acme.member.jwt))).toBe('403 forbidden')
    expect(await outcome(bring([await entry([])], plain.key))).toBe('403 insufficient_scope')
    expect(await outcome(app.request('POST', path, { body: { keys: [] } }))).toBe(
      '401 missing_credential',
    )
  })

  it('let a key that inherits follow its importer', async () => {
    const foreign = await unkeyToken()
    await brought(foreign, { scopes: null })
    const { body } = await app.request('GET', '/api/v1/me', { key: foreign.token })
    expect(body.data.key.scopes).toContain('messages:send')
    expect(body.data.key.scopes).not.toContain('keys:manage')
  })

  it('name the missing setting when the configuration declares no foreign format', async () => {
    const shipped = await createTestApp()
    const { digest } = await unkeyToken()
    const { body } = await shipped.request('POST', path, {
      as: acme.owner.jwt,
      body: { keys: [{ digest, name: 'Where to?', scopes: [] }] },
    })
    expect(body.data[0].result).toBe('invalid')
    expect(body.data[0].errors[0].message).toMatch(/latchkey\.config\.ts.*none/)
  })
})

describe('a token without a tag', () => {
  it('reaches no store unless it has the shape of a foreign format', async () => {
    const watch = watchBindings()
    const watched = await createForeignTestApp({ bindings: watch.bindings })
    const shapeless = [
      `uk_${'a'.repeat(19)}`,
      `uk_${'a'.repeat(61)}`,
      `uk_${'a'.repeat(21)}-`,
      `uk_${'a'.repeat(21)}.`,
      `UK_${'a'.repeat(22)}`,
      pick('abc', 63),
      pick('abc', 65),
      `${pick('abc', 63)}1`,
      `wacrm_live_${'a'.repeat(42)}`,
      `wacrm_live_${'a'.repeat(39)}`,
      `whm_${'a'.repeat(32)}`,
      `uk_${'a'.repeat(100_000)}`,
      'uk_',
      '',
    ]
    for (const key of shapeless) {
      expect(await outcome(watched.request('GET', '/api/v1/me', { key }))).toBe(
        '401 invalid_api_key',
      )
    }
    expect(watch.counts()).toEqual({})
    const { token } = await unkeyToken()
    expect(await outcome(watched.request('GET', '/api/v1/me', { key: token }))).toBe(
      '401 invalid_api_key',
    )
    expect(watch.counts()).toMatchObject({ 'FLOOD.limit': 1, 'FENCE.ask': 1, 'KV.get': 1 })
  })

  it('is verified in memory after its first look-up', async () => {
    const foreign = await unkeyToken()
    await brought(foreign)
    const watch = watchBindings()
    const watched = await createForeignTestApp({ bindings: watch.bindings })
    await watched.request('GET', '/api/v1/me', { key: foreign.token })
    watch.clear()
    expect(await outcome(watched.request('GET', '/api/v1/me', { key: foreign.token }))).toBe('200')
    expect(watch.counts()).toEqual({ 'USAGE.send': 1 })
  })

  it('is refused in a URL if and only if it has a prefix', async () => {
    const unkey = await unkeyToken()
    const plain = await betterAuthToken()
    expect(await outcome(app.request('GET', `/api/v1/me?key=${unkey.token}`))).toBe(
      '401 missing_credential',
    )
    await brought(plain)
    const accepted = app.request('GET', `/api/contacts?cursor=${pick('abcdef', 64)}`, {
      key: plain.token,
    })
    expect(await outcome(accepted)).toBe('200')
  })
})

describe('a digest', () => {
  const hex = '9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08'
  const base64 = 'n4bQgYhMfWWaL+qgxVrQFaO/TxsrC4Is0V1sFbDwCgg='
  it.each([
    hex,
    hex.toUpperCase(),
    base64,
    base64.slice(0, -1),
    base64.replaceAll('+', '-').replaceAll('/', '_'),
    base64.slice(0, -1).replaceAll('+', '-').replaceAll('/', '_'),
  ])('is read from %s', (text) => expect(readDigest(text)).toBe(hex))

  it.each([
    '',
    hex.slice(1),
    `${hex}0`,
    `0x${hex.slice(2)}`,
    ` ${hex}`,
    base64.slice(1),
    `${base64}=`,
    `A${base64}`,
    // The same bytes, except for two bits that belong to no byte.
    base64.replace('gg=', 'gh='),
    'é'.repeat(43),
  ])('is not read from %j', (text) => expect(readDigest(text)).toBeNull())
})

it('refuses may_grant, since a token of another system manages no keys', async () => {
  const { digest, format } = await unkeyToken()
  const scopes = ['keys:manage']
  const { body } = await bring(
    [{ digest, format, name: 'x', scopes, may_grant: {} }],
    acme.owner.jwt,
  )
  expect(body.data[0]).toMatchObject({ result: 'invalid', errors: [{ path: 'may_grant' }] })
})

it('stores only the digest of a token', async () => {
  const foreign = await wacrmToken()
  await brought(foreign, { key_prefix: foreign.token.slice(0, 19) })
  const { results } = await env.DB.prepare('SELECT * FROM api_key').all()
  const body = foreign.token.slice('wacrm_live_'.length)
  expect(JSON.stringify(results)).not.toContain(body.slice(0, 9))
})
