// A flood of untagged, made-up tokens: a limit for each address applies before any store is queried. The limit
// is the real binding, with the numbers of wrangler.toml.
import { env } from 'cloudflare:workers'
import { beforeAll, describe, expect, it, vi } from 'vitest'
import { networkOf } from '../../src/core/address.ts'
import { verifyByBinding } from '../../src/worker/rpc.ts'
import { type Account, makeKey, openAccount, outcome } from '../support/account.ts'
import { createForeignTestApp, unkeyToken } from '../support/foreign.ts'
import { markPlatform } from '../support/permission-matrix.ts'
import type { TestApp } from '../support/test-app.ts'
import { watchBindings } from '../support/watch.ts'

const limit = 100
const watch = watchBindings()
let app: TestApp
let account: Account
let service: string
let platform: Account

beforeAll(async () => {
  app = await createForeignTestApp({ bindings: watch.bindings })
  account = await openAccount()
  platform = await openAccount('Platform')
  await markPlatform(platform.id)
  service = (await makeKey(app, account.owner.jwt, { scopes: ['keys:verify'] })).key
})

let addresses = 0
const newAddress = () => `198.51.100.${++addresses}`
const madeUp = async () => (await unkeyToken()).token
const from = (ip: string | null, key: string, path = '/api/v1/me') =>
  app.request('GET', path, { key, headers: ip === null ? {} : { 'cf-connecting-ip': ip } })

/** The binding counts in fixed windows of real time. */
const windowMs = 10_000
const windowNow = () => Math.floor(Date.now() / windowMs)

/** Runs a test that holds within one window again, at the start of the next one, if it failed across two of them. */
const withinWindow = (test: () => Promise<void>) => async () => {
  for (;;) {
    const began = windowNow()
    try {
      return await test()
    } catch (error) {
      if (windowNow() === began) throw error
      await new Promise((wake) => setTimeout(wake, windowMs - (Date.now() % windowMs)))
    }
  }
}

/**
 * Sends until the limit applies: two windows fit around a boundary. Many at once, so that a busy machine sends them
 * within one window.
 * @returns how many were admitted
 */
async function flood(send: (token: string) => Promise<string>, held = '429 rate_limited') {
  for (let admitted = 0; admitted <= 2 * limit; ) {
    const sending = Array.from({ length: limit / 4 }, async () => send(await madeUp()))
    const others = (await Promise.all(sending)).filter((result) => result !== held)
    for (const result of others) expect(result).toMatch(/invalid_api_key/)
    admitted += others.length
    if (others.length < sending.length) return admitted
  }
  throw new Error('The limit never applied.')
}

async function importedKey(): Promise<string> {
  const { token, digest } = await unkeyToken()
  const body = { keys: [{ digest, format: 'unkey', name: 'Moved', scopes: [] }] }
  const path = '/api/api-keys/import'
  const { body: imported } = await app.request('POST', path, { as: account.owner.jwt, body })
  expect(imported.data[0].result).toBe('created')
  return token
}

describe('a flood of made-up tokens', () => {
  it(
    'is limited by its address: 429 with Retry-After, and no store is called',
    withinWindow(async () => {
      const ip = newAddress()
      expect(await flood((token) => outcome(from(ip, token)))).toBeGreaterThanOrEqual(limit)
      watch.clear()
      const refused = await from(ip, await madeUp(), '/api/contacts')
      expect([refused.status, refused.body.code]).toEqual([429, 'rate_limited'])
      expect(refused.headers.get('retry-after')).toBe('10')
      expect(refused.headers.get('www-authenticate')).toBeNull()
      expect(watch.counts()).toEqual({ 'FLOOD.limit': 1 })
      // Another address has another bucket.
      expect(await outcome(from(newAddress(), await madeUp()))).toBe('401 invalid_api_key')
    }),
    45_000,
  )

  it('does not affect cached tokens, tagged tokens, or the 401 of a forged tag', async () => {
    const ip = newAddress()
    const [met, own] = [await importedKey(), await makeKey(app, account.owner.jwt)]
    expect(await outcome(from(ip, met))).toBe('200')
    await flood((token) => outcome(from(ip, token)))
    // Also after the lease, and for a tagged key that is looked up for the first time.
    app.clock.skip(5_000)
    watch.clear()
    expect(await outcome(from(ip, met))).toBe('200')
    expect(await outcome(from(ip, own.key))).toBe('200')
    expect(await outcome(from(ip, `whm_${'0'.repeat(32)}`))).toBe('401 invalid_api_key')
    expect(watch.counts()['FLOOD.limit']).toBeUndefined()
  })

  it('over IPv6 is counted by network, since a sender has too many addresses to count', async () => {
    let host = 0
    const send = (token: string) => outcome(from(`2001:db8:1:2::${(++host).toString(16)}`, token))
    expect(await flood(send)).toBeLessThanOrEqual(2 * limit)
    expect(await outcome(from('2001:db8:1:3::1', await madeUp()))).toBe('401 invalid_api_key')
  })

  it(
    'without an address shares one bucket',
    withinWindow(async () => {
      await flood((token) => outcome(from(null, token)))
      expect(await outcome(from(null, await madeUp()))).toBe('429 rate_limited')
    }),
    45_000,
  )
})

describe('through a service', () => {
  const context = { waitUntil() {} } as unknown as ExecutionContext
  const byBinding = (question: { token: string; ip: string }) =>
    verifyByBinding(app.isolate, app.bindings, context, question)
  const verify = async (token: string, ip?: string) => {
    const body = { token, ...(ip !== undefined && { ip }) }
    const answer = await app.request('POST', '/api/v1/keys/verify', { key: service, body })
    return answer.body.data
  }

  it(
    'is limited by the address that the service passes, or by the service if it passes none',
    withinWindow(async () => {
      const ip = newAddress()
      await flood(async (token) => (await verify(token, ip)).code, 'rate_limited')
      expect(await verify(await madeUp(), ip)).toEqual({
        valid: false,
        code: 'rate_limited',
        key: null,
        account: null,
        scopes: null,
        resources: null,
        rate_limit: null,
        credits: null,
        retry_after_seconds: 10,
      })
      // A service cannot exhaust the limit of gateway clients, or of other services, for that address.
      expect(await outcome(from(ip, await madeUp()))).toBe('401 invalid_api_key')
      expect((await verify(await madeUp())).code).toBe('invalid_api_key')
      await flood(async (token) => (await verify(token)).code, 'rate_limited')
      expect((await verify(await madeUp(), newAddress())).code).toBe('invalid_api_key')
      const question = { token: await madeUp(), ip }
      expect(await byBinding(question)).toMatchObject({ code: 'invalid_api_key' })
    }),
    45_000,
  )

  it.each(['the account', '*'])(
    'of the platform is counted as its own where it names %s',
    async (named) => {
      const address = newAddress()
      const expires_at = new Date(app.clock.now() + 86_400_000).toISOString()
      const grant = { scopes: ['platform:verify'], allowed_ips: [address], expires_at }
      const { key } = await makeKey(app, platform.owner.jwt, grant)
      const ip = newAddress()
      const account_id = named === '*' ? named : account.id
      const headers = { 'cf-connecting-ip': address }
      await flood(async (token) => {
        const body = { token, ip, account_id }
        const answer = await app.request('POST', '/api/v1/keys/verify', { key, headers, body })
        return answer.body.data.code
      }, 'rate_limited')
      expect((await verify(await madeUp(), ip)).code).toBe('invalid_api_key')
      const question = { token: await madeUp(), ip }
      expect(await byBinding(question)).toMatchObject({ code: 'invalid_api_key' })
    },
  )

  it(
    'is a 429 for introspection, which would otherwise report a valid token as inactive',
    withinWindow(async () => {
      const ip = newAddress()
      const introspect = (token: string) =>
        app.request('POST', '/api/v1/introspect', {
          key: service,
          headers: { 'content-type': 'application/x-www-form-urlencoded' },
          body: `token=${token}&ip=${ip}`,
        })
      await flood(async (token) => {
        const { status, body } = await introspect(token)
        return status === 429 ? `429 ${body.code}` : `invalid_api_key ${body.active}`
      })
      expect((await introspect(await madeUp())).headers.get('retry-after')).toBe('10')
    }),
    45_000,
  )
})

describe('a limit that is down', () => {
  it.each(['throws', 'hangs'])('and %s blocks no request: the stores decide', async (how) => {
    vi.spyOn(console, 'warn').mockImplementation(() => {})
    const fail =
      how === 'throws' ? () => Promise.reject(new Error('down')) : () => new Promise(() => {})
    const FLOOD = { limit: fail } as unknown as Env['FLOOD']
    const at = await createForeignTestApp({ bindings: { FLOOD } })
    const token = await importedKey()
    expect(await outcome(at.request('GET', '/api/v1/me', { key: token }))).toBe('200')
    const unknown = await madeUp()
    expect(await outcome(at.request('GET', '/api/v1/me', { key: unknown }))).toBe(
      '401 invalid_api_key',
    )
  })
})

describe('the network of an address', () => {
  it.each([
    ['192.0.2.1', '192.0.2.1'],
    ['::ffff:192.0.2.1', '192.0.2.1'],
    ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
    ['2001:DB8:1:2::', '2001:db8:1:2::/64'],
    ['::1', '0:0:0:0::/64'],
    ['127.1', null],
    ['unknown', null],
    [null, null],
  ])('%s is %s', (ip, network) => expect(networkOf(ip)).toBe(network))
})

it('is counted by the binding of wrangler.toml', () => expect(env.FLOOD).toBeDefined())
