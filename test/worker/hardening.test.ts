// Security headers of responses, and the attributes of the session cookie.
// permissions.test.ts checks the headers on every route; e2e/ checks the files of the dashboard.
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
    ['GET', '/.well-known/oauth-protected-resource'],
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
  ])('are set at %s %s', async (method, path) => {
    expectHardened(await app.request(method, path))
  })

  it('are set when a store is down', async () => {
    const broken = await createTestApp({ bindings: down(['DB']) })
    const answer = await broken.request('GET', '/api/api-keys', { as: world.acme.owner.jwt })
    expect(answer.status).toBe(503)
    expectHardened(answer)
  })

  it('include HSTS for a year over https, and no HSTS over http', async () => {
    const { handler: worker, bindings } = app
    const hstsAt = async (url: string) =>
      (await worker.fetch(new Request(url), bindings, createExecutionContext())).headers.get(
        'strict-transport-security',
      )
    expect(await hstsAt('https://keys.example/healthz')).toBe('max-age=31536000; includeSubDomains')
    expect(await hstsAt('http://localhost:8787/healthz')).toBeNull()
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

  it('is limited to this host, https and this site, and hidden from scripts', async () => {
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

  it('also works over http in local development', async () => {
    for (const cookie of await cookiesAt('http://localhost:8787')) {
      expect(cookie).toMatch(/^better-auth\.(session_token|device)=/)
      expect(cookie).not.toMatch(/Secure/)
    }
  })

  it('is refused under its http name or with another signature', async () => {
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

  const headersOf = async (headers: HeadersInit) => {
    const { owner } = await openAccount()
    const { key } = await makeKey(app, owner.jwt)
    return (await (await answers(headers)).request('GET', '/api/contacts', { key })).headers
  }

  it('cannot overwrite our session cookie', async () => {
    const headers = new Headers({ 'content-type': 'text/html' })
    for (const name of ['better-auth.session_token', '__Host-better-auth.session_token', 'theirs'])
      headers.append('set-cookie', `${name}=x; Path=/`)
    expect((await headersOf(headers)).getSetCookie()).toEqual(['theirs=x; Path=/'])
  })

  it('cannot serve an active page of our origin, unless it sets its own policy', async () => {
    const plain = await headersOf({ 'content-type': 'text/html' })
    expect(plain.get('content-security-policy')).toContain('sandbox')
    expect(plain.get('x-content-type-options')).toBe('nosniff')
    expect(plain.get('cache-control')).toBe('private')
    const own = await headersOf({ 'content-security-policy': "default-src 'self'" })
    expect(own.get('content-security-policy')).toBe("default-src 'self'")
  })
})
