// What keeps browsers from making more of an answer than it is, and sessions from leaving their place.
// That every route carries the headers is in permissions.test.ts; the dashboard's files are in e2e/.
import { createExecutionContext } from 'cloudflare:test'
import { describe, expect, it, vi } from 'vitest'
import { createIsolate } from '../../src/worker/context.ts'
import { makeKey, openAccount } from '../support/account.ts'
import { expectHardened } from '../support/hardened.ts'
import config from '../support/latchkey.config.ts'
import { down } from '../support/outage.ts'
import { openWorld, password } from '../support/permission-matrix.ts'
import { createSkippingClock, createTestApp } from '../support/test-app.ts'

vi.spyOn(console, 'error').mockImplementation(() => {})

const app = await createTestApp({ bindings: { SIGN_IN_PER_MINUTE: '100000' as never } })
const world = await openWorld(app)

describe('the headers', () => {
  it.each([
    ['GET', '/healthz'],
    ['GET', '/openapi.json'],
    ['GET', '/docs'],
    ['GET', '/docs/errors'],
    ['GET', '/docs/style.css'],
    ['GET', '/docs/nothing'],
    ['GET', '/nothing'],
    ['POST', '/healthz'],
    ['GET', '/api/nothing'],
    ['GET', '/api/api-keys/nonsense'],
    ['GET', '/api/auth/nothing'],
    ['GET', '/forward-auth/nobody/knows'],
    ['HEAD', '/docs'],
    ['OPTIONS', '/api/api-keys'],
  ])('are there at %s %s', async (method, path) => {
    expectHardened(await app.request(method, path))
  })

  it('are there when a store is down', async () => {
    const broken = await createTestApp({ bindings: down(['DB']) })
    const answer = await broken.request('GET', '/api/api-keys', { as: world.acme.owner.jwt })
    expect(answer.status).toBe(503)
    expectHardened(answer)
  })

  it('keep to https for a year once it was https, and say nothing of it before', async () => {
    const { handler: worker, bindings } = app
    const asked = async (url: string) =>
      (await worker.fetch(new Request(url), bindings, createExecutionContext())).headers.get(
        'strict-transport-security',
      )
    expect(await asked('https://keys.example/healthz')).toBe('max-age=31536000; includeSubDomains')
    expect(await asked('http://localhost:8787/healthz')).toBeNull()
  })
})

describe('the session cookie', () => {
  async function cookiesAt(baseUrl: string): Promise<string[]> {
    const { handler: worker, bindings } = app
    const { id } = world.acme.owner
    const request = new Request(`${baseUrl}/api/auth/sign-in/email`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'cf-connecting-ip': '198.51.100.8' },
      body: JSON.stringify({ email: `${id}@example.test`, password }),
    })
    const here = { ...bindings, BASE_URL: baseUrl } as Env
    const answer = await worker.fetch(request, here, createExecutionContext())
    expect(answer.status).toBe(200)
    return answer.headers.getSetCookie()
  }

  it('belongs to this host, https and this site alone, and no script sees it', async () => {
    const cookies = await cookiesAt('https://keys.example')
    expect(cookies.length).toBeGreaterThan(0)
    for (const cookie of cookies) {
      expect(cookie).toMatch(/^__Host-better-auth\./)
      for (const part of ['Secure', 'HttpOnly', 'SameSite=Strict', 'Path=/']) {
        expect(cookie.split('; ')).toContain(part)
      }
      expect(cookie).not.toMatch(/domain/i)
    }
  })

  it('works in local development too, over http', async () => {
    for (const cookie of await cookiesAt('http://localhost:8787')) {
      expect(cookie).toMatch(/^better-auth\.(session_token|device)=/)
      expect(cookie).not.toMatch(/Secure/)
    }
  })

  it('under its https name is not believed with another host or another signature', async () => {
    const cookies = await cookiesAt('https://keys.example')
    const cookie = cookies.find((each) => each.includes('session_token'))?.split(';')[0] ?? ''
    const asHttp = cookie.replace('__Host-', '')
    const answer = await app.request('GET', '/api/auth/get-session', { headers: { cookie } })
    expect(answer.body).toBeNull()
    const forged = { cookie: asHttp.replace(/.{6}$/, 'AAAA%3D') }
    expect((await app.request('GET', '/api/auth/get-session', { headers: forged })).body).toBeNull()
  })
})

describe('the API behind the gateway', () => {
  const answers = (headers: HeadersInit) => {
    const clock = createSkippingClock()
    const upstream = { fetch: async () => new Response('<h1>Hello</h1>', { headers }) }
    const gateway = { ...config.gateway, upstream }
    return createTestApp({ clock, isolate: createIsolate({ ...config, gateway }, clock) })
  }

  const asked = async (headers: HeadersInit) => {
    const { owner } = await openAccount()
    const { key } = await makeKey(app, owner.jwt)
    return (await (await answers(headers)).request('GET', '/api/contacts', { key })).headers
  }

  it('puts no session of its choice into the place of ours', async () => {
    const headers = new Headers({ 'content-type': 'text/html' })
    for (const name of ['better-auth.session_token', '__Host-better-auth.session_token', 'theirs'])
      headers.append('set-cookie', `${name}=x; Path=/`)
    expect((await asked(headers)).getSetCookie()).toEqual(['theirs=x; Path=/'])
  })

  it('is no page of ours, unless it says what it is', async () => {
    const plain = await asked({ 'content-type': 'text/html' })
    expect(plain.get('content-security-policy')).toContain('sandbox')
    expect(plain.get('x-content-type-options')).toBe('nosniff')
    expect(plain.get('cache-control')).toBeNull()
    const own = await asked({ 'content-security-policy': "default-src 'self'" })
    expect(own.get('content-security-policy')).toBe("default-src 'self'")
  })
})
