// What a request without a good credential costs in D1, on every route (architecture.md, "Budget of a request without
// a good credential"). docs/performance.md has the table.
import { env } from 'cloudflare:workers'
import { decodeProtectedHeader, exportJWK, generateKeyPair, SignJWT } from 'jose'
import { describe, expect, it, vi } from 'vitest'
import { personOfJwt } from '../../src/identity/jwt.ts'
import { jwtKeysForMs, jwtKeysPauseMs } from '../../src/identity/jwt-keys.ts'
import { createIsolate } from '../../src/worker/context.ts'
import { peopleSettings } from '../../src/worker/variables.ts'
import { anonymousKinds, anonymousRequest, forgedJwt } from '../support/every-route/anonymous.ts'
import { prices } from '../support/every-route/anonymous-prices.ts'
import { type EveryRoute, openEverything, type Sent } from '../support/every-route/routes.ts'
import config from '../support/latchkey.config.ts'
import { deadD1 } from '../support/people-world.ts'
import { createStillClock, createTestApp } from '../support/test-app.ts'
import type { Call } from '../support/watch.ts'

vi.spyOn(console, 'error').mockImplementation(() => {})
vi.spyOn(console, 'warn').mockImplementation(() => {})

/** Nothing in memory grows old on a busy machine. */
const clock = createStillClock()

const flood = { isRefusing: false }
const FLOOD = {
  limit: async () => ({ success: !flood.isRefusing }),
} as unknown as Env['FLOOD']

const all = await openEverything({ clock, bindings: { FLOOD } })
const { app, routes, sampleOf, world, watch } = all
const { kid: knownKid = '' } = decodeProtectedHeader(world.acme.owner.jwt)

const someAddress = () => [198, ...crypto.getRandomValues(new Uint8Array(3))].join('.')
const ofD1 = (calls: readonly Call[]) => calls.filter(({ where }) => where.startsWith('D1.'))

/** What an isolate has in memory that has answered people before. */
async function warmUp() {
  await app.request('GET', '/api/account', { as: world.acme.owner.jwt })
  await app.request('GET', '/api/setup')
  await app.request('GET', '/readyz')
}

/** D1 statements by kind of request. */
async function costsOf(route: EveryRoute, given?: Sent): Promise<Record<string, number>> {
  const sample = given ?? (await sampleOf(route))
  if (given === undefined) await warmUp()
  const costs: Record<string, number> = {}
  for (const kind of anonymousKinds) {
    const sent = anonymousRequest(kind, route, sample, { ip: someAddress(), knownKid })
    const { method, headers, body } = sent
    watch.clear()
    const response = await app.send(sent.path, { method, headers, ...(body && { body }) })
    await response.body?.cancel()
    expect(response.status, `${kind} at ${route.name}`).toBeLessThan(500)
    costs[kind] = ofD1(watch.calls).length
  }
  return costs
}

const named = routes.map((route) => [route.name, route] as const)

describe('a request without a good credential', () => {
  it('has a price of every route that there is', () => {
    const names = routes.map(({ name }) => name)
    expect(Object.keys(prices).filter((name) => !names.includes(name))).toEqual([])
  })

  it.each(named)('costs no more D1 statements than the list says: %s', async (name, route) => {
    const costs = await costsOf(route)
    const most = Math.max(...Object.values(costs))
    expect(most, JSON.stringify(costs)).toBe(prices[name]?.now ?? 0)
  })

  it.each(named)('costs none while the flood limit refuses its sender: %s', async (_, route) => {
    const sample = await sampleOf(route)
    await warmUp()
    flood.isRefusing = true
    try {
      for (const [kind, cost] of Object.entries(await costsOf(route, sample))) {
        expect([kind, cost]).toEqual([kind, 0])
      }
    } finally {
      flood.isRefusing = false
    }
  })
})

describe('the flood limit', () => {
  const posts = named.filter(([, { section, method }]) => section === 'people' && method === 'POST')

  it.each(posts)('precedes every POST of Better Auth, with a session too: %s', async (_, route) => {
    const { path, method, headers, body } = await sampleOf(route)
    flood.isRefusing = true
    watch.clear()
    const refused = await app.send(path, { method, headers, ...(body && { body }) })
    flood.isRefusing = false
    expect([refused.status, refused.headers.get('retry-after')]).toEqual([429, '10'])
    expect(ofD1(watch.calls)).toEqual([])
  })
})

it('GET /api/setup is read once by an isolate, and not while the flood limit refuses', async () => {
  const { bindings } = app
  const fresh = await createTestApp({ isolate: createIsolate(config, clock), clock, bindings })
  const ask = async () => {
    watch.clear()
    const { status } = await fresh.request('GET', '/api/setup')
    return [status, ofD1(watch.calls).length]
  }
  flood.isRefusing = true
  const refused = await ask()
  flood.isRefusing = false
  expect([refused, await ask(), await ask()]).toEqual([
    [429, 0],
    [200, 1],
    [200, 0],
  ])
})

describe('the keys of our JWTs', () => {
  const owned = { as: world.acme.owner.jwt }
  const unknown = () => forgedJwt(crypto.randomUUID())
  const account = async (as: string) => {
    watch.clear()
    const { status } = await app.request('GET', '/api/account', { as })
    return [status, ofD1(watch.calls).length]
  }

  it('are read once a minute, and a good JWT costs its role only', async () => {
    await app.request('GET', '/api/scopes', owned)
    watch.clear()
    expect((await app.request('GET', '/api/scopes', owned)).status).toBe(200)
    expect(ofD1(watch.calls)).toHaveLength(1)
    clock.skip(jwtKeysForMs)
    watch.clear()
    await app.request('GET', '/api/scopes', owned)
    expect(ofD1(watch.calls)).toHaveLength(2)
    // The name of the account comes with the role.
    watch.clear()
    expect((await app.request('GET', '/api/v1/me', owned)).body.data.account.name).toBe('Acme Inc')
    expect(ofD1(watch.calls)).toHaveLength(1)
  })

  it('are read again for an unknown id, once in two seconds, however many ids are made up', async () => {
    clock.skip(jwtKeysPauseMs)
    expect(await account(unknown())).toEqual([401, 1])
    for (let at = 0; at < 5; at++) expect(await account(unknown())).toEqual([401, 0])
    clock.skip(jwtKeysPauseMs)
    expect(await account(unknown())).toEqual([401, 1])
  })

  it('that were made a moment ago verify after the pause at the latest', async () => {
    clock.skip(jwtKeysPauseMs)
    await account(unknown())
    const { kid, sign } = await newSigningKey()
    const jwt = await sign(world.acme.owner.id, world.acme.id)
    expect((await account(jwt))[0]).toBe(401)
    clock.skip(jwtKeysPauseMs)
    expect((await account(jwt))[0]).toBe(200)
    await env.DB.prepare('DELETE FROM jwks WHERE id = ?').bind(kid).run()
    expect((await account(jwt))[0]).toBe(200)
    clock.skip(jwtKeysForMs)
    expect((await account(jwt))[0]).toBe(401)
  })

  it('that expire are refused from that moment on, also from memory', async () => {
    const { sign } = await newSigningKey(Date.now() + 1_000)
    clock.skip(jwtKeysForMs)
    const jwt = await sign(world.acme.owner.id, world.acme.id)
    const at = (ms: number) => personOfJwt(jwt, settings, new Date(Date.now() + ms))
    const settings = peopleSettings(app.bindings as Env, app.isolate)
    expect(await at(0)).toMatchObject({ kind: 'person' })
    expect(await at(1_001)).toMatchObject({ kind: 'invalid_token' })
  })

  it('that could not be read are a 503, never a 401, also for those who ask next', async () => {
    const isolate = createIsolate(config, clock)
    const settings = peopleSettings(app.bindings as Env, isolate)
    const good = world.acme.owner.jwt
    expect(await personOfJwt(good, settings)).toMatchObject({ kind: 'person' })
    const { sign } = await newSigningKey()
    const newer = await sign(world.acme.owner.id, world.acme.id)
    clock.skip(jwtKeysPauseMs)
    const down = { ...settings, db: deadD1 }
    for (let at = 0; at < 2; at++) {
      expect(await personOfJwt(newer, down)).toMatchObject({ kind: 'unavailable' })
    }
    expect(await personOfJwt(forgedJwt(knownKid), down)).toMatchObject({ kind: 'invalid_token' })
    clock.skip(jwtKeysPauseMs)
    expect(await personOfJwt(newer, settings)).toMatchObject({ kind: 'person' })
  })
})

/** A key that signs JWTs of ours, older than that of Better Auth. */
async function newSigningKey(expiresAt: number | null = null) {
  const { publicKey, privateKey } = await generateKeyPair('EdDSA', { extractable: true })
  const kid = crypto.randomUUID()
  await env.DB.prepare(
    'INSERT INTO jwks (id, public_key, private_key, created_at, expires_at) VALUES (?, ?, ?, ?, ?)',
  )
    .bind(kid, JSON.stringify(await exportJWK(publicKey)), '', 1, expiresAt)
    .run()
  const sign = (userId: string, account: string) =>
    new SignJWT({ account })
      .setProtectedHeader({ alg: 'EdDSA', kid })
      .setSubject(userId)
      .setIssuer(env.BASE_URL)
      .setAudience('management')
      .setExpirationTime('15m')
      .sign(privateKey)
  return { kid, sign }
}
