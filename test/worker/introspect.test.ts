// POST /api/v1/introspect (RFC 7662), called by an existing client library and directly.

import { env } from 'cloudflare:workers'
import * as oauth from 'oauth4webapi'
import { beforeAll, describe, expect, it } from 'vitest'
import { type Account, makeKey, openAccount } from '../support/account.ts'
import { down } from '../support/outage.ts'
import { createTestApp, type TestApp } from '../support/test-app.ts'

const path = '/api/v1/introspect'
const inactive = { active: false }

let app: TestApp
let acme: Account
let globex: Account
/** The key of Acme's gateway, with keys:verify. */
let gateway: string

beforeAll(async () => {
  app = await createTestApp()
  acme = await openAccount('Acme Inc')
  globex = await openAccount('Globex')
  gateway = (await makeKey(app, acme.owner.jwt, { name: 'Gateway', scopes: ['keys:verify'] })).key
})

const issue = (body: Record<string, unknown> = {}, as = acme.owner.jwt) => makeKey(app, as, body)

type Options = { as?: string; key?: string; headers?: Record<string, string>; at?: TestApp }

function post(form: Record<string, string> | string, { at = app, headers, ...by }: Options = {}) {
  const type = { 'content-type': 'application/x-www-form-urlencoded' }
  const body = typeof form === 'string' ? form : new URLSearchParams(form).toString()
  return at.request('POST', path, { ...by, headers: { ...type, ...headers }, body })
}

async function introspected(form: Record<string, string>) {
  const answer = await post(form, { as: gateway })
  expect(answer.status, answer.text).toBe(200)
  expect(answer.headers.get('cache-control')).toBe('no-store')
  return answer.body
}

const basic = (user: string, password: string) => ({
  authorization: `Basic ${btoa(`${user}:${password}`)}`,
})

describe('an existing OAuth client', () => {
  const server: oauth.AuthorizationServer = {
    issuer: env.BASE_URL,
    introspection_endpoint: `${env.BASE_URL}${path}`,
  }
  const client: oauth.Client = { client_id: 'our-api' }

  async function introspect(
    token: string,
    authentication: oauth.ClientAuth,
    more: Record<string, string> = {},
  ) {
    const response = await oauth.introspectionRequest(server, client, authentication, token, {
      [oauth.allowInsecureRequests]: true,
      [oauth.customFetch]: (url, init) => app.send(url, init as RequestInit),
      additionalParameters: { token_type_hint: 'access_token', ...more },
    })
    return oauth.processIntrospectionResponse(server, client, response)
  }

  it.each([
    ['the password of Basic', () => oauth.ClientSecretBasic(gateway)],
    ['client_secret in the form', () => oauth.ClientSecretPost(gateway)],
  ])('introspects an active key with its own key as %s', async (_, authentication) => {
    const before = Math.floor(app.clock.now() / 1000)
    const expires_at = '2099-12-31T23:59:59.500Z'
    const scopes = ['contacts:read', 'messages:read']
    const metadata = { plan: 'gold' }
    const about = { external_id: 'customer-42', metadata }
    const { key, id } = await issue({ ...about, scopes, expires_at, name: 'CI' })
    const response = await introspect(key, authentication())
    expect(response).toEqual({
      active: true,
      scope: 'contacts:read messages:read',
      resources: [],
      key: { id, name: 'CI', ...about, environment: 'live', format: 'whm', expires_at },
      account: { id: acme.id, name: 'Acme Inc' },
      ...{ ...about, environment: 'live' },
      client_id: id,
      sub: acme.id,
      iss: env.BASE_URL,
      iat: expect.any(Number),
      exp: Date.parse('2099-12-31T23:59:59Z') / 1000,
      token_type: 'Bearer',
    })
    expect(response.iat).toBeGreaterThanOrEqual(before)
    expect(response.iat).toBeLessThanOrEqual(Math.floor(app.clock.now() / 1000))
  })

  it('introspects an active key with its own key as Bearer', async () => {
    const bearer: oauth.ClientAuth = (_server, _client, _body, headers) => {
      headers.set('authorization', `Bearer ${gateway}`)
    }
    const { key } = await issue()
    expect(await introspect(key, bearer)).toMatchObject({ active: true, sub: acme.id })
    expect(await introspect(key, bearer)).not.toHaveProperty('exp')
  })

  it('introspects a token that is not active', async () => {
    for (const authentication of [oauth.ClientSecretBasic, oauth.ClientSecretPost]) {
      expect(await introspect('no-such-token', authentication(gateway))).toEqual(inactive)
    }
  })

  it.each([
    ['Basic', oauth.ClientSecretBasic],
    ['the form', oauth.ClientSecretPost],
  ])('parses the challenge when its own key in %s is invalid', async (_, authentication) => {
    const refused = introspect('x', authentication('whm_unknown'))
    const error = await refused.catch((thrown: unknown) => thrown)
    expect(error).toBeInstanceOf(oauth.WWWAuthenticateChallengeError)
    const { status, cause, response } = error as oauth.WWWAuthenticateChallengeError
    expect(await response.json()).toMatchObject({
      error: 'invalid_client',
      code: 'invalid_api_key',
    })
    expect(status).toBe(401)
    expect(cause.map(({ scheme }) => scheme)).toEqual(['bearer', 'basic'])
    expect(cause[0]?.parameters).toMatchObject({ error: 'invalid_token' })
  })

  it('parses the error of an invalid request', async () => {
    const both: oauth.ClientAuth = (...sent) => {
      oauth.ClientSecretBasic(gateway)(...sent)
      oauth.ClientSecretPost(gateway)(...sent)
    }
    for (const [authentication, more, path] of [
      [oauth.ClientSecretPost(gateway), { ip: 'nonsense' }, 'form.ip'],
      [both, {}, 'form.client_secret'],
    ] as const) {
      const error = await introspect('x', authentication, more).catch((thrown: unknown) => thrown)
      expect(error).toBeInstanceOf(oauth.ResponseBodyError)
      const { status, error: code, cause } = error as oauth.ResponseBodyError
      expect([status, code]).toEqual([400, 'invalid_request'])
      expect(cause).toMatchObject({ code: 'invalid_request', errors: [{ path }] })
      expect(JSON.stringify(cause)).not.toContain(gateway)
    }
  })
})

describe('an inactive token', () => {
  it('gets the same response: unknown, forged, foreign, revoked, disabled and expired', async () => {
    const foreign = await issue({}, globex.owner.jwt)
    const expires_at = new Date(app.clock.now() + 30_000).toISOString()
    const [expired, revoked, disabled] = [await issue({ expires_at }), await issue(), await issue()]
    for (const { key } of [expired, revoked, disabled]) {
      expect(await introspected({ token: key })).toMatchObject({ active: true })
    }
    const as = acme.owner.jwt
    await app.request('DELETE', `/api/api-keys/${revoked.id}`, { as })
    await app.request('PATCH', `/api/api-keys/${disabled.id}`, { as, body: { is_active: false } })
    app.clock.skip(60_000)
    const tokens = [foreign, revoked, disabled, expired].map(({ key }) => key)
    for (const token of [...tokens, `whm_${'0'.repeat(32)}`, 'x', '']) {
      expect(await introspected({ token }), token).toEqual(inactive)
    }
  })

  it('is not one with white space around it, which is dropped', async () => {
    const { key } = await issue()
    expect(await introspected({ token: ` ${key}\r\n` })).toMatchObject({ active: true })
  })

  it('is a key with allowed_ips, unless the client address is passed and listed', async () => {
    const { key } = await issue({ allowed_ips: ['192.0.2.0/24'] })
    expect(await introspected({ token: key })).toEqual(inactive)
    expect(await introspected({ token: key, ip: '198.51.100.1' })).toEqual(inactive)
    expect(await introspected({ token: key, ip: '192.0.2.1' })).toMatchObject({ active: true })
    expect((await post({ token: key, ip: 'nonsense' }, { as: gateway })).status).toBe(400)
  })

  it('is not an active key without scopes, whose scope is empty', async () => {
    const { key } = await issue({ scopes: [] })
    expect(await introspected({ token: key })).toMatchObject({ active: true, scope: '' })
  })
})

describe('the verifier', () => {
  it.each([
    ['as X-API-Key', () => ({ key: gateway })],
    ['as Bearer', () => ({ as: gateway })],
    ['as the password of Basic', () => ({ headers: basic('anybody', gateway) })],
    ['as the password of Basic without a user', () => ({ headers: basic('', gateway) })],
    [
      'form-encoded in Basic (RFC 6749 2.3.1)',
      () => ({ headers: basic('a%3Ab', gateway.replaceAll('_', '%5F')) }),
    ],
  ])('may present its key %s', async (_, by) => {
    const answer = await post({ token: 'x' }, by())
    expect(answer.status, answer.text).toBe(200)
    expect(answer.body).toEqual(inactive)
  })

  it.each([
    ['nothing', () => ({}), '401 missing_credential'],
    ['a malformed key', () => ({ key: 'whm_' }), '401 invalid_api_key'],
    ['a wrong password', () => ({ headers: basic('x', 'whm_') }), '401 invalid_api_key'],
    ['a user and no password', () => ({ headers: basic('x', '') }), '401 invalid_api_key'],
    [
      'Basic that is not base64',
      () => ({ headers: { authorization: 'Basic ???' } }),
      '401 invalid_api_key',
    ],
    ['Basic with nothing', () => ({ headers: { authorization: 'Basic' } }), '401 invalid_api_key'],
    ['the key as the user', () => ({ headers: basic(gateway, '') }), '401 invalid_api_key'],
    [
      'a bad X-API-Key beside a good Basic',
      () => ({ key: 'bad', headers: basic('x', gateway) }),
      '401 invalid_api_key',
    ],
    ['an owner’s JWT', () => ({ as: acme.owner.jwt }), '403 insufficient_scope'],
  ])('that presents %s gets a problem and a challenge', async (_, by, expected) => {
    const { status, body, headers } = await post({ token: 'x' }, by())
    expect(`${status} ${body.code}`).toBe(expected)
    expect(body.error).toBe(status === 401 ? 'invalid_client' : 'unauthorized_client')
    expect(headers.get('content-type')).toBe('application/problem+json')
    expect(headers.get('cache-control')).toBe('no-store')
    expect(headers.get('www-authenticate')).toMatch(/^Bearer realm="latchkey"/)
    expect(headers.get('www-authenticate')?.includes('Basic')).toBe(status === 401)
  })

  it('requires keys:verify, also with Basic', async () => {
    const { key } = await issue({ scopes: ['contacts:read'] })
    const { status, headers } = await post({ token: key }, { headers: basic('x', key) })
    expect(status).toBe(403)
    expect(headers.get('www-authenticate')).toContain('scope="keys:verify"')
  })
})

describe('client_secret_post', () => {
  const token = 'x'
  const form = (more: Record<string, string> = {}) => ({ token, client_secret: gateway, ...more })

  it.each([
    ['any client_id', () => form({ client_id: 'our-api' })],
    ['no client_id', () => form()],
    ['white space around the key', () => form({ client_secret: ` ${gateway}\n` })],
    ['unknown parameters', () => form({ resource: 'https://api.example' })],
  ])('authenticates with %s', async (_, sent) => {
    const { status, body, text } = await post(sent())
    expect(status, text).toBe(200)
    expect(body).toEqual(inactive)
  })

  it('authenticates beside an Authorization of another scheme, which is not ours', async () => {
    const headers = { authorization: 'Negotiate YII=' }
    expect((await post(form(), { headers })).body).toEqual(inactive)
  })

  it.each([
    ['a wrong secret', () => form({ client_secret: 'whm_' }), '401 invalid_api_key invalid_client'],
    ['an empty secret', () => form({ client_secret: '' }), '401 missing_credential invalid_client'],
    [
      'a client_id alone',
      () => ({ token, client_id: gateway }),
      '401 missing_credential invalid_client',
    ],
    [
      'the JWT of an owner',
      () => form({ client_secret: acme.owner.jwt }),
      '401 invalid_api_key invalid_client',
    ],
  ])('refuses %s', async (_, sent, expected) => {
    const { status, body, headers } = await post(sent())
    expect(`${status} ${body.code} ${body.error}`).toBe(expected)
    expect(headers.get('www-authenticate')).toContain('Basic realm="latchkey"')
  })

  it('requires keys:verify', async () => {
    const { key } = await issue({ scopes: ['contacts:read'] })
    const { status, body, headers } = await post(form({ client_secret: key }))
    expect([status, body.error]).toEqual([403, 'unauthorized_client'])
    expect(headers.get('www-authenticate')).toContain('scope="keys:verify"')
  })

  it.each([
    ['Basic', () => ({ headers: basic('x', gateway) })],
    ['Bearer', () => ({ as: gateway })],
    ['X-API-Key', () => ({ key: gateway })],
  ])('beside %s is two methods of authentication: 400 (RFC 6749 2.3)', async (_, by) => {
    const { status, body } = await post(form(), by())
    expect([status, body.error]).toEqual([400, 'invalid_request'])
    expect(body.errors).toMatchObject([{ path: 'form.client_secret' }])
    expect((await post(form({ client_secret: '' }), by())).status).toBe(200)
  })

  it.each(['token', 'client_id', 'client_secret', 'ip', 'token_type_hint'])(
    'refuses a second %s, whether the secret is valid or not',
    async (name) => {
      for (const client_secret of [gateway, 'whm_']) {
        const sent = form({ client_secret, client_id: 'a', ip: '192.0.2.1', token_type_hint: 'x' })
        const twice = `${new URLSearchParams(sent)}&${name}=x`
        const { status, body } = await post(twice)
        expect([status, body.error]).toEqual([400, 'invalid_request'])
        expect(body.errors).toMatchObject([{ path: `form.${name}` }])
      }
    },
  )

  it('is not read from JSON, from a query or from a body that is too large', async () => {
    const { status, body } = await app.request('POST', path, { body: form() })
    expect([status, body.error]).toEqual([401, 'invalid_client'])
    const query = await app.request('POST', `${path}?client_secret=${gateway}`, {
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      body: 'token=x',
    })
    expect([query.status, query.body.error]).toEqual([401, 'invalid_client'])
    const large = await post(form({ state: 'x'.repeat(70_000) }))
    expect([large.status, large.body.error]).toEqual([413, 'invalid_request'])
  })
})

describe('an error', () => {
  it.each([
    ['no accepted type', {}, 'application/problem+json'],
    ['any type', { accept: '*/*' }, 'application/problem+json'],
    ['JSON, as RFC 6749 5.2 has it', { accept: 'application/json' }, 'application/json'],
    [
      'JSON and problems',
      { accept: 'application/problem+json, application/json' },
      'application/problem+json',
    ],
  ])('for a client that accepts %s is %s', async (_, headers, type) => {
    const answer = await post('', { as: gateway, headers })
    expect(answer.headers.get('content-type')).toBe(type)
    expect(answer.body).toMatchObject({
      error: 'invalid_request',
      type: '/docs/errors#invalid_request',
      code: 'invalid_request',
      request_id: answer.headers.get('x-request-id'),
    })
  })

  it('of every status has an OAuth error', async () => {
    const { key } = await issue({ rate_limit: { limit: 1, window_seconds: 3_600 } })
    const errors = async (answer: ReturnType<typeof post>) => {
      const { status, body } = await answer
      return `${status} ${body.error}`
    }
    await post({ token: key }, { as: gateway })
    expect(await errors(post({ token: key }, { as: gateway }))).toBe('429 temporarily_unavailable')
    expect(await errors(post({ token: key }))).toBe('401 invalid_client')
    const headers = { 'content-type': 'application/json' }
    expect(await errors(post('{}', { as: gateway, headers }))).toBe('415 invalid_request')
  })

  it.each(['GET', 'PUT', 'DELETE', 'OPTIONS', 'PURGE'])(
    'of the method %s is a 405 with one, without a credential',
    async (method) => {
      const { status, body, headers } = await app.request(method, path)
      expect([status, headers.get('allow')]).toEqual([405, 'POST'])
      expect(body).toMatchObject({ error: 'invalid_request', code: 'method_not_allowed' })
      expect((await app.request('HEAD', path)).status).toBe(405)
    },
  )
})

describe('a malformed form', () => {
  it.each([
    ['', 'form.token'],
    ['token_type_hint=access_token', 'form.token'],
    ['token=a&token=b', 'form.token'],
  ])('such as %j is a 400', async (form, field) => {
    const { status, body } = await post(form, { as: gateway })
    expect(status).toBe(400)
    expect(body).toMatchObject({ code: 'invalid_request', errors: [{ path: field }] })
  })

  it('may have unknown parameters (RFC 6749 3.2)', async () => {
    expect(await introspected({ token: 'x', resource: 'https://api.example' })).toEqual(inactive)
  })

  it.each(['application/json', 'multipart/form-data; boundary=x', 'text/plain'])(
    'is a 415 when it is %s',
    async (type) => {
      const headers = { 'content-type': type }
      const answer = await post('{"token":"x"}', { as: gateway, headers })
      expect(answer.status).toBe(415)
    },
  )
})

describe('an authority that is unavailable', () => {
  it('answers 503, never "not active"', async () => {
    const { key } = await issue()
    const bindings = down(['DB', 'KEY_CACHE'])
    const broken = await createTestApp({ clock: app.clock, isolate: app.isolate, bindings })
    await introspected({ token: 'x' })
    const { status, headers, body } = await post({ token: key }, { as: gateway, at: broken })
    expect(status).toBe(503)
    expect(headers.get('retry-after')).toBe('1')
    expect(body).toMatchObject({ code: 'authority_unavailable', error: 'temporarily_unavailable' })
    expect(body).not.toHaveProperty('active')
  })
})
