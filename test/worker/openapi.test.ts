// The OpenAPI document is true: every operation in it is called, and every request and answer is held to
// it; and it is whole: no route is missing.
import { env } from 'cloudflare:workers'
import { decodeJwt } from 'jose'
import { afterAll, describe, expect, it, vi } from 'vitest'
import { problems } from '../../src/contract/problems.ts'
import { createApp } from '../../src/http/app.ts'
import { authEndpoints } from '../../src/http/management/people/auth-endpoints.ts'
import {
  createDocument,
  documentedRouters,
  eventsOf,
  operationsOf,
} from '../../src/http/openapi/document.ts'
import { devMailPaths } from '../../src/http/paths.ts'
import { makeKey, openAccount } from '../support/account.ts'
import { newAuthenticator } from '../support/authenticator.ts'
import { judge, openContract } from '../support/contract.ts'
import { awaitingCookie, codeOf, newPerson } from '../support/factors.ts'
import { createForeignTestApp, unkeyToken } from '../support/foreign.ts'
import { newSigner, publicView, signed } from '../support/github.ts'
import { cookieOf } from '../support/permission-matrix.ts'
import { confirmationToken } from '../support/permission-resources.ts'
import {
  codeOf as codeOfPortal,
  customerInput,
  makeOpener,
  portalSession,
} from '../support/portal.ts'
import { jwtFor } from '../support/test-app.ts'

const app = await createForeignTestApp({ bindings: { SIGN_IN_PER_MINUTE: '1000' as never } })
const document = createDocument(app.isolate, env.BASE_URL)
const { call, operations, answered } = openContract(app, document)

const fail = vi.spyOn(console, 'error').mockImplementation(() => {})
afterAll(() => fail.mockRestore())

const founder = {
  setup_token: env.SETUP_TOKEN,
  account: 'First',
  name: 'Founder',
  email: 'founder@example.test',
  password: 'correct horse battery',
}
// The first owner is created before any account exists.
await call('getSetup')
await call('setUp', { body: founder })
const cookie = cookiesOf(
  await call('signIn', { body: { email: founder.email, password: founder.password } }),
)
// Before a test puts a key of its own among those that Better Auth signs with.
const jwt = await call('getToken', { cookie })
// Whoever sets the deployment up owns its platform. Their first JWT ends with its session, by signing out.
const { sub: founderId = '', account: platformId } = decodeJwt(jwt.body.token)
const operator = { as: await jwtFor(founderId, String(platformId)) }
const acme = await openAccount()
const owner = { as: acme.owner.jwt }
// Hears of all that happens here to keys.
const hooks = { url: 'https://example.com/all' }
const listener = (await call('createWebhookEndpoint', { ...owner, body: hooks })).body.data.id

function cookiesOf({ headers }: { headers: Headers }): string {
  return headers
    .getSetCookie()
    .map((line) => line.split(';')[0])
    .join('; ')
}

describe('each operation responds as the document describes', () => {
  it('for keys: created, listed, read, changed, rotated, revoked, imported', async () => {
    const body = {
      name: 'Everything',
      scopes: ['contacts:read'],
      expires_at: new Date(app.clock.now() + 3_600_000).toISOString(),
      allowed_ips: ['192.0.2.0/24'],
      external_id: 'customer-1',
      metadata: { any: ['thing', { at: 'all' }] },
    }
    const made = await call('createKey', { ...owner, body })
    const { id } = made.body.data
    const path = { id }
    await call('createKey', { ...owner, body: { name: 'Plain', format: 'wacrm_live' } })
    await call('listKeys', { ...owner, query: { limit: '1', status: 'active', search: 'ever' } })
    await call('listKeys', owner)
    await call('listKeys', { ...owner, query: { environment: 'test', scope: 'contacts:read#1' } })
    await call('summarizeKeys', owner)
    await call('listKeyTemplates', owner)
    await call('getUsageOfKeys', { ...owner, query: { ids: `${id},${crypto.randomUUID()}` } })
    await call('lookUpKey', { ...owner, body: { token: made.body.data.key } })
    expect((await call('lookUpKey', { ...owner, body: { token: 'x' } })).status).toBe(404)
    await call('explainKey', { ...owner, body: { token: made.body.data.key } })
    await call('explainKey', {
      ...owner,
      body: { token: 'x', method: 'GET', path: '/api/contacts' },
    })
    const unknown = crypto.randomUUID()
    expect((await call('explainKey', { ...owner, body: { key_id: unknown } })).status).toBe(404)
    await call('getKey', { ...owner, path })
    await call('updateKey', { ...owner, path, body: { name: 'Other', expires_at: null } })
    await call('updateKey', { ...owner, path, body: { is_active: false } })
    await call('updateKey', { ...owner, path, body: { is_active: true } })
    expect((await call('addCredits', { ...owner, path, body: { add: 1 } })).status).toBe(409)
    const rate_limit = [{ limit: 1, window_seconds: 60 }]
    const credits = { remaining: 1, refill: { amount: 1, interval: 'monthly' } }
    await call('updateKey', { ...owner, path, body: { rate_limit, credits } })
    const once = { 'idempotency-key': 'once' }
    await call('addCredits', { ...owner, path, body: { add: 1 }, headers: once })
    const rotated = await call('rotateKey', { ...owner, path, body: { overlap_seconds: 60 } })
    expect(rotated.status).toBe(201)
    expect((await call('rotateKey', { ...owner, path, body: {} })).status).toBe(409)
    await call('revokeKey', { ...owner, path })
    expect((await call('updateKey', { ...owner, path, body: { name: 'Late' } })).status).toBe(409)
    const async = { prefer: 'respond-async' }
    const ids = { ids: [rotated.body.data.id] }
    expect((await call('revokeKeys', { ...owner, body: ids, headers: async })).status).toBe(202)
    expect((await call('revokeKeys', { ...owner, body: ids })).status).toBe(200)
    const { digest, format } = await unkeyToken()
    const key = { digest, format, name: 'Moved', key_prefix: 'uk_1234', scopes: [] }
    await call('importKeys', { ...owner, body: { keys: [key, key] } })
    const admin = { as: acme.admin.jwt }
    await call('importKeys', { ...admin, body: { keys: [{ ...key, scopes: ['keys:verify'] }] } })
    await call('importKeys', { ...owner, body: { keys: [{}, null] }, wrong: true })
    const from = '2026-01-01T00:00:00Z'
    await call('listAuditEvents', { ...owner, query: { limit: '100', key_id: id, from } })
    await call('listAuditEvents', { ...owner, query: { limit: '100' } })
    await call('listRequests', { ...owner, query: { limit: '100' } })
    await call('getKeyUsage', { ...owner, path })
    await call('getKeyUsage', { ...owner, path, query: { granularity: 'hour' } })
    await call('listScopes', owner)
    await call('listFormats', owner)
  })

  it('for webhooks: endpoints, their secrets, what was sent', async () => {
    const body = { url: 'https://example.com/hooks', description: 'Ours', events: ['key.revoked'] }
    const made = await call('createWebhookEndpoint', { ...owner, body })
    const path = { id: made.body.data.id }
    await call('listWebhookEndpoints', { ...owner, query: { limit: '1' } })
    await call('listWebhookEvents', owner)
    await call('getWebhookEndpoint', { ...owner, path })
    const patch = { events: null, is_active: true, description: null }
    await call('updateWebhookEndpoint', { ...owner, path, body: patch })
    const wrong = { ...owner, path, body: { url: 'http://10.0.0.1/' } }
    expect((await call('updateWebhookEndpoint', wrong)).status).toBe(400)
    await call('rotateWebhookSecret', { ...owner, path, body: { overlap_seconds: 60 } })
    const test = await call('testWebhookEndpoint', { ...owner, path })
    const delivery = { ...path, delivery_id: test.body.data.id }
    await call('listWebhookDeliveries', { ...owner, path, query: { status: 'pending' } })
    await call('getWebhookDelivery', { ...owner, path: delivery })
    await call('resendWebhookDelivery', { ...owner, path: delivery })
    await call('updateWebhookEndpoint', { ...owner, path, body: { is_active: false } })
    expect((await call('testWebhookEndpoint', { ...owner, path })).status).toBe(409)
    await call('deleteWebhookEndpoint', { ...owner, path })
    expect((await call('getWebhookEndpoint', { ...owner, path })).status).toBe(404)
  })

  it('for verifiers of keys', async () => {
    const { key } = await makeKey(app, acme.owner.jwt, { scopes: ['keys:verify'] })
    const client = await makeKey(app, acme.owner.jwt, { scopes: ['contacts:read'] })
    const disabled = await makeKey(app, acme.owner.jwt, { scopes: [] })
    await call('updateKey', { ...owner, path: { id: disabled.id }, body: { is_active: false } })
    const bodies = [
      { token: client.key, scopes: ['contacts:read'], ip: '192.0.2.1', fresh: true },
      { token: client.key, scopes: ['contacts:write'], cost: 1, idempotencyKey: 'once' },
      { token: disabled.key },
      { token: 'nonsense' },
    ]
    for (const body of bodies) await call('verifyKey', { key, body })
    const limited = await makeKey(app, acme.owner.jwt, {
      rate_limit: { limit: 2, window_seconds: 3_600 },
      credits: { remaining: 1 },
    })
    const verify = (more: object) =>
      call('verifyKey', { key, body: { token: limited.key, ...more } })
    const once = { idempotencyKey: 'once' }
    const codes = [
      await verify(once),
      await verify({ cost: 2 }),
      await verify({ ...once, cost: 2 }),
    ]
    codes.push(await verify(once), await verify(once))
    expect(codes.map(({ body }) => body.data.code)).toEqual([
      'valid',
      'credits_exhausted',
      'conflict',
      'valid',
      'rate_limited',
    ])
    expect((await call('introspect', { key, body: { token: limited.key } })).status).toBe(429)
    expect((await call('getMe', { key: limited.key })).status).toBe(429)
    await call('verifyKeys', { key, body: { keys: bodies } })
    await call('introspect', { key, body: { token: client.key } })
    await call('introspect', { key, body: { token: 'nonsense', token_type_hint: 'x' } })
    await call('introspect', { body: { token: 'x', client_id: 'any', client_secret: key } })
    const oauth = { headers: { accept: 'application/json' }, wrong: true }
    expect((await call('introspect', { key, body: {}, ...oauth })).status).toBe(400)
    const held = { key: client.key, path: { policy: 'crm', path: 'api/contacts' } }
    const [method, uri] = ['GET', '/api/contacts']
    const nginx = { 'x-original-method': method, 'x-original-uri': uri }
    const forwarded = { 'x-forwarded-method': method, 'x-forwarded-uri': uri }
    const dialects: [string, Record<string, string>][] = [
      ['forwardAuthNginx', nginx],
      ['forwardAuthForwarded', forwarded],
      ['forwardAuthEnvoy', {}],
    ]
    for (const [id, headers] of dialects) {
      expect((await call(id, { ...held, headers })).status).toBe(200)
      expect((await call(id, { ...held, headers, key: disabled.key })).status).toBe(401)
      expect((await call(id, { ...held, headers, key })).status).toBe(403)
      const path = { policy: 'unknown', path: 'x' }
      expect((await call(id, { ...held, path, headers })).status).toBe(404)
    }
  })

  it('for clients with a token', async () => {
    const { key } = await makeKey(app, acme.owner.jwt)
    const leaked = await makeKey(app, acme.owner.jwt)
    await call('getMe', { key })
    await call('getMe', owner)
    await call('revokeMe', { key, headers: { prefer: 'respond-async' } })
    await call('revokeMe', { key })
    expect((await call('getMe', { key })).status).toBe(401)
    const github = await newSigner()
    const body = JSON.stringify([
      { token: leaked.key, type: 'latchkey', url: '', source: 'commit' },
      { token: 'nonsense', type: 'latchkey', url: 'https://github.com/o/r' },
    ])
    const answer = async () => Response.json({ public_keys: [publicView(github)] })
    const fetched = vi.spyOn(globalThis, 'fetch').mockImplementation(answer)
    await call('reportGithubLeaks', { body, headers: await signed(github, body) })
    fetched.mockRestore()
  })

  it('for what webhooks told of it', async () => {
    const path = { id: listener }
    const listed = await call('listWebhookDeliveries', { ...owner, path, query: { limit: '100' } })
    type Delivery = { id: string; type: string }
    const byType = new Map<string, string>(
      listed.body.data.map((each: Delivery) => [each.type, each.id]),
    )
    for (const [type, delivery_id] of byType) {
      const told = await call('getWebhookDelivery', { ...owner, path: { ...path, delivery_id } })
      expect(told.body.data.payload.type).toBe(type)
    }
    const types = ['created', 'imported', 'leaked', 'revoked', 'rotated', 'updated']
    expect([...byType.keys()]).toEqual(expect.arrayContaining(types.map((each) => `key.${each}`)))
  })

  it('for customers in the portal', async () => {
    await call('getPortalPage', {})
    const { key } = await makeOpener(app, acme.owner.jwt)
    const input = { ...customerInput, environments: ['test'], origin: 'https://app.example.com' }
    const opened = await call('createPortalSession', { key, body: input })
    const code = codeOfPortal(opened.body.data.url)
    const { token } = (await call('beginPortalSession', { body: { code } })).body.data
    expect((await call('beginPortalSession', { body: { code } })).status).toBe(400)
    const by = { as: token }
    await call('getPortalSession', by)
    const body = {
      name: 'Mine',
      scopes: ['contacts:read#1'],
      environment: 'test',
      expires_at: null,
    }
    const { id } = (await call('createPortalKey', { ...by, body })).body.data
    await call('listPortalKeys', { ...by, query: { limit: '1', status: 'active' } })
    await call('getPortalKey', { ...by, path: { id } })
    await call('getPortalKeyUsage', { ...by, path: { id }, query: { granularity: 'hour' } })
    const overlap = { overlap_seconds: 60 }
    const rotated = await call('rotatePortalKey', { ...by, path: { id }, body: overlap })
    expect((await call('rotatePortalKey', { ...by, path: { id } })).status).toBe(409)
    const path = { id: rotated.body.data.id }
    await call('disablePortalKey', { ...by, path, body: { is_active: false } })
    await call('revokePortalKey', { ...by, path })
    const theirs = await makeKey(app, acme.owner.jwt)
    expect((await call('getPortalKey', { ...by, path: { id: theirs.id } })).status).toBe(404)
    await call('endPortalSession', by)
    expect((await call('listPortalKeys', by)).status).toBe(401)
  })

  it('for people', async () => {
    await call('getMe', { as: jwt.body.token })
    await call('getKeySet')
    const invited = await app.request('POST', '/api/auth/organization/invite-member', {
      headers: { cookie, origin: env.BASE_URL },
      body: { email: 'invited@example.test', role: 'member' },
    })
    const path = { id: invited.body.id }
    await call('getInvitation', { path })
    const body = { name: 'Invited', password: 'correct horse battery' }
    expect((await call('acceptInvitation', { path, body })).status).toBe(201)
    expect((await call('acceptInvitation', { path, body })).status).toBe(409)
    const wrong = { email: founder.email, password: 'not the one' }
    expect((await call('signIn', { body: wrong })).status).toBe(401)
    expect((await call('setUp', { body: founder })).status).toBe(409)
    const elsewhere = { email: founder.email, password: founder.password }
    await call('signIn', { body: elsewhere })
    const sessions = (await call('listSessions', { cookie })).body.data
    const other = sessions.find((each: { is_current: boolean }) => !each.is_current)
    await call('endSession', { cookie, path: { id: other.id } })
    expect((await call('endSession', { cookie, path: { id: other.id } })).status).toBe(404)
    await call('endOtherSessions', { cookie })
    expect((await call('stepUp', { cookie, body: { password: 'not the one' } })).status).toBe(403)
    await call('stepUp', { cookie, body: { password: founder.password } })
    await signInWithProviders()
    await call('signOut', { cookie })
    expect((await call('getToken', { cookie })).status).toBe(401)
  })

  it('for second factors', async () => {
    const person = await newPerson(acme.id)
    const by = { cookie: await cookieOf(person, acme.id) }
    await call('getFactors', by)
    const code = { code: '000000' }
    expect((await call('confirmTotp', { ...by, body: code })).status).toBe(409)
    const { secret } = (await call('beginTotp', by)).body.data
    expect((await call('confirmTotp', { ...by, body: code })).status).toBe(403)
    await call('confirmTotp', { ...by, body: { code: codeOf(secret) } })
    await call('getFactors', by)
    const recovery_code = (await call('createRecoveryCodes', by)).body.data.recovery_codes[0]
    const awaiting = { cookie: await awaitingCookie(app, person) }
    await call('getAwaitedFactors', awaiting)
    expect((await call('getFactorOptions', awaiting)).status).toBe(409)
    expect((await call('completeSignIn', { ...awaiting, body: code })).status).toBe(403)
    await call('completeSignIn', { ...awaiting, body: { recovery_code } })
    await call('stepUp', { ...by, body: { code: codeOf(secret, 1) } })
    expect((await call('getStepUpOptions', by)).status).toBe(409)
    await call('removeTotp', by)
    expect((await call('removeTotp', by)).status).toBe(404)
    expect((await call('createRecoveryCodes', by)).status).toBe(409)
  })

  it('for forgotten passwords', async () => {
    const methods = (await call('getSignInMethods')).body.data
    const providers = [{ id: 'github', name: 'GitHub' }]
    expect(methods).toEqual({ mail: false, passkey: true, providers })
    await call('requestPasswordReset', { body: { email: 'nobody@example.test' } })
    const path = { user_id: acme.member.id }
    const made = await call('createResetLink', { ...owner, path })
    expect(made.status).toBe(201)
    const token = new URL(made.body.data.url).hash.slice(1)
    const body = { token, password: 'another horse battery' }
    expect((await call('resetPassword', { body })).status).toBe(200)
    expect((await call('resetPassword', { body })).status).toBe(400)
    const none = { ...owner, path: { user_id: acme.owner.id } }
    expect((await call('createResetLink', none)).status).toBe(404)
  })

  it('for addresses that are confirmed', async () => {
    const by = { cookie: await cookieOf(await newPerson(acme.id), acme.id) }
    expect((await call('sendConfirmation', by)).status).toBe(409)
    const mailing = await createForeignTestApp({ bindings: { DEV_MAIL: 'yes' } as never })
    const { status } = await openContract(mailing, document).call('sendConfirmation', by)
    answered.get('sendConfirmation')?.add(status)
    const token = await confirmationToken(acme)
    expect((await call('confirmAddress', { body: { token } })).status).toBe(409)
    const body = { token, remove_credentials: true }
    expect((await call('confirmAddress', { body })).status).toBe(200)
    expect((await call('confirmAddress', { body: { token: 'none' } })).status).toBe(400)
  })

  async function signInWithProviders() {
    const body = { provider: 'github' }
    await call('signInWithProvider', { body })
    await call('completeSignInWithProvider', { path: body })
    await call('beginLink', { cookie, body })
    const id = crypto.randomUUID()
    await env.DB.prepare(
      `INSERT INTO account (id, account_id, provider_id, user_id, created_at, updated_at)
       SELECT ?, '1', 'https://github.com/login/oauth', id, 1, 1 FROM user WHERE email = ?`,
    )
      .bind(id, founder.email)
      .run()
    expect((await call('listLinks', { cookie })).body.data).toMatchObject([{ id, name: 'GitHub' }])
    await call('removeLink', { cookie, path: { id } })
    expect((await call('removeLink', { cookie, path: { id } })).status).toBe(404)
  }

  it('for passkeys', async () => {
    const person = await newPerson(acme.id)
    const by = { cookie: await cookieOf(person, acme.id) }
    const authenticator = await newAuthenticator()
    const enrol = async () => {
      const options = (await call('beginPasskey', by)).body.data
      const body = { passkey: await authenticator.create(options), name: 'A laptop' }
      return call('enrolPasskey', { ...by, body })
    }
    const { id } = (await enrol()).body.data.passkey
    expect((await enrol()).status).toBe(409)
    await call('getFactors', by)
    await call('renamePasskey', { ...by, path: { id }, body: { name: 'A phone' } })
    const passkey = await authenticator.get((await call('getStepUpOptions', by)).body.data)
    await call('stepUp', { ...by, body: { passkey } })
    expect((await call('stepUp', { ...by, body: { passkey } })).status).toBe(403)
    const awaiting = { cookie: await awaitingCookie(app, person) }
    const second = await authenticator.get((await call('getFactorOptions', awaiting)).body.data)
    await call('completeSignIn', { ...awaiting, body: { passkey: second } })
    const alone = await authenticator.get((await call('getPasskeySignInOptions')).body.data)
    await call('signInByPasskey', { body: { passkey: alone } })
    expect((await call('signInByPasskey', { body: { passkey: alone } })).status).toBe(401)
    await call('removePasskey', { ...by, path: { id } })
    expect((await call('removePasskey', { ...by, path: { id } })).status).toBe(404)
  })

  it('for the platform', async () => {
    const body = { name: 'Customer', owner_email: 'owner@customer.test' }
    const made = await call('createAccount', { ...operator, body })
    const by = { ...operator, path: { id: made.body.data.id } }
    await call('listAccounts', { ...operator, query: { search: 'Cust', limit: '1' } })
    await call('readAccount', by)
    await call('changeAccount', { ...by, body: { quotas: { keys: 5, members: null } } })
    const headers = { prefer: 'respond-async' }
    await call('changeAccount', { ...by, headers, body: { name: 'Renamed' } })
    await call('inviteOwner', { ...by, body: { owner_email: 'other@customer.test' } })
    await call('readAccountUsage', { ...by, query: { granularity: 'hour' } })
    await call('suspendAccount', by)
    await call('resumeAccount', { ...by, headers })
    await call('removeAccount', by)
    expect((await call('getStatus', operator)).status).toBe(200)
  })

  it('for the account as a whole', async () => {
    await call('getAccount', owner)
    await call('updateAccount', { ...owner, body: { require_factor: false } })
    await call('getFactorsOfMembers', owner)
    const required = { ...owner, body: { require_factor: true } }
    expect((await call('updateAccount', required)).status).toBe(409)
    await call('exportAccount', owner)
    await call('getUsage', owner)
    const grouped = await call('getUsage', { ...owner, query: { group_by: 'key' } })
    expect(grouped.body.data.groups).toBeInstanceOf(Array)
    const body = { name: acme.name }
    expect((await call('deleteAccount', { ...owner, body: { name: 'x' } })).status).toBe(400)
    expect((await call('deleteAccount', { ...owner, body })).status).toBe(200)
    await call('keepAccount', owner)
  })

  it('for the operator', async () => {
    const bySecret = { as: env.SETUP_TOKEN }
    await call('getHealth')
    await call('getReadiness')
    await call('getResourceMetadata')
    await call('listFences', bySecret)
    expect((await call('resetFences', { ...bySecret, body: {} })).status).toBe(409)
  })

  it('with no operation left out', () => {
    const succeeded = [...operations.keys()].filter((id) =>
      [...(answered.get(id) ?? [])].some((status) => status < 400),
    )
    // Resetting works while changes are stopped: test/worker/restore.test.ts. Better Auth's: openapi-people.test.ts.
    const isOfBetterAuth = (id: string) => {
      const { method = '', path = '' } = operations.get(id) ?? {}
      return `${method.toUpperCase()} ${path.replace('/api/auth', '')}` in authEndpoints
    }
    const left = [...operations.keys()].filter((id) => !succeeded.includes(id))
    expect(left.filter((id) => !isOfBetterAuth(id))).toEqual(['resetFences'])
  })
})

describe('each operation fails as the document describes', () => {
  const all = operationsOf(document).map(({ operation, path, method }) => ({
    id: operation.operationId ?? '',
    isOpen: operation.security?.length === 0,
    needsBody: operation.requestBody !== undefined,
    // Sessions, links and passkeys are shown to a cookie, above.
    hasId: path.includes('{id}') && !/^\/api\/(sessions|auth)\//.test(path),
    ...{ method, path },
  }))

  it('without a credential, and with an invalid one', async () => {
    for (const { id, isOpen } of all) {
      if (isOpen || id === 'signOut') continue
      const sent = { wrong: true, path: { policy: 'crm', path: 'x' } }
      for (const by of [{}, { key: 'nonsense' }, { as: 'a.b.c' }, { as: 'nonsense' }]) {
        const { status } = await call(id, { ...sent, ...by })
        expect([401, 403], `${id} answered ${status}`).toContain(status)
      }
    }
  })

  it('with a body that does not match its schema', async () => {
    const { key } = await makeKey(app, acme.owner.jwt, { scopes: ['keys:verify'] })
    const headers = { 'content-type': 'text/plain' }
    for (const { id } of all.filter(({ needsBody }) => needsBody)) {
      const by = /^(verify|introspect)/.test(id) ? { key } : owner
      const path = { id: crypto.randomUUID() }
      const bodies = ['{', '[]', '{"surprise":1}', `{"name":"${'x'.repeat(1_100_000)}"}`]
      for (const body of bodies) {
        const { status } = await call(id, { ...by, path, body, wrong: true })
        expect(status, id).toBeGreaterThanOrEqual(400)
      }
      await call(id, { ...by, path, body: 'x', headers, wrong: true })
    }
  })

  it('for an unknown id and for a malformed one', async () => {
    const least: Record<string, object> = {
      acceptInvitation: { name: 'X', password: 'x'.repeat(12) },
      addCredits: { add: 1 },
      inviteOwner: { owner_email: 'owner@customer.test' },
      disablePortalKey: { is_active: false },
    }
    const customer = { as: await portalSession(app, (await makeOpener(app, acme.owner.jwt)).key) }
    const ofPortal = all.filter(({ path }) => path.startsWith('/api/v1/portal/'))
    const ofPlatform = all.filter(({ path }) => path.startsWith('/api/accounts/'))
    for (const { id } of all.filter(({ hasId }) => hasId)) {
      for (const wrong of [crypto.randomUUID(), 'nonsense', '%00']) {
        const body = least[id] ?? {}
        const isOf = (some: typeof all) => some.some((each) => each.id === id)
        const by = isOf(ofPlatform) ? operator : isOf(ofPortal) ? customer : owner
        // The flood limit counts real time, and the anonymous requests above.
        const headers = { 'cf-connecting-ip': '192.0.2.77' }
        const sent = { ...by, path: { id: wrong }, headers, wrong: true }
        const needsBody = all.find((each) => each.id === id)?.needsBody
        const { status } = await call(id, needsBody ? { ...sent, body } : sent)
        expect(status, id).toBe(404)
      }
    }
  })

  it('for a list with invalid parameters', async () => {
    for (const id of ['listKeys', 'listAuditEvents']) {
      for (const query of [{ limit: '0' }, { limit: '101' }, { limit: 'x' }, { cursor: 'x' }]) {
        const { status } = await call(id, { ...owner, query, wrong: true })
        expect(status).toBe(400)
      }
    }
  })

  it('for a member, who may read and not change', async () => {
    const by = { as: await jwtFor(acme.member.id, acme.id), wrong: true }
    expect((await call('listKeys', by)).status).toBe(200)
    expect((await call('createKey', { ...by, body: { name: 'No' } })).status).toBe(403)
    expect((await call('importKeys', { ...by, body: { keys: [] } })).status).toBe(403)
  })
})

describe('the document', () => {
  const documented = operationsOf(document).map(
    ({ method, path }) => `${method.toUpperCase()} ${path}`,
  )

  it('is served unchanged, to any origin', async () => {
    const answer = await app.request('GET', '/openapi.json')
    expect(answer.body).toEqual(JSON.parse(JSON.stringify(document)))
    expect(answer.body).toMatchObject({ openapi: '3.1.0', servers: [{ url: env.BASE_URL }] })
    expect(answer.headers.get('access-control-allow-origin')).toBe('*')
    expect(answer.headers.get('x-request-id')).toBeTruthy()
  })

  it('contains every route of every router', () => {
    const routes = [createApp, ...documentedRouters].flatMap(
      (create) => create(app.isolate).routes as { method: string; path: string }[],
    )
    const exact = routes
      .filter(({ method }) => method !== 'ALL')
      .map(({ method, path }) => `${method} ${path.replace(/:(\w+)/g, '{$1}')}`)
    // /dev/mail exists in development only.
    const own = ['/openapi.json', '/docs', '/docs/*', ...devMailPaths].map((path) => `GET ${path}`)
    expect(exact.filter((each) => !documented.includes(each) && !own.includes(each))).toEqual([])
  })

  it('covers every path that the Worker handles itself', () => {
    const own = createApp(app.isolate).routes.filter(({ method }) => method === 'ALL')
    const paths = own.map(({ path }) => path).filter((path) => path !== '/*' && path !== '/api/*')
    const empty = paths.filter((path) => {
      const start = path.replace(/\/?\*$/, '')
      return !documented.some((each) => `${each.split(' ')[1]}/`.startsWith(`${start}/`))
    })
    expect(empty).toEqual([])
    expect(paths.length).toBeGreaterThan(5)
  })

  it('names each operation once, under a tag that is described, with who may call it', () => {
    const ids = operationsOf(document).map(({ operation }) => operation.operationId)
    expect(new Set(ids).size).toBe(ids.length)
    const schemes = Object.keys(document.components?.securitySchemes ?? {})
    const tags = document.tags?.map(({ name }) => name)
    for (const { operation } of operationsOf(document)) {
      expect(operation.operationId).toMatch(/^[a-z][A-Za-z]+$/)
      expect(operation.summary).toBeTruthy()
      expect(tags).toEqual(expect.arrayContaining(operation.tags ?? ['none']))
      for (const each of operation.security ?? [{ none: [] }]) {
        expect(schemes).toEqual(expect.arrayContaining(Object.keys(each)))
      }
    }
  })

  it('detects a response that violates it', () => {
    const problem = { $ref: '#/components/schemas/Problem' }
    const good = {
      type: '/docs/errors#conflict',
      title: 'Conflict',
      status: 409,
      detail: 'No.',
      code: 'conflict',
      request_id: crypto.randomUUID(),
    }
    expect(() => judge(document, problem, good, 'it')).not.toThrow()
    const bad = [
      { ...good, extra: 1 },
      { ...good, status: '409' },
      { ...good, request_id: 'x' },
      {},
    ]
    for (const each of bad) expect(() => judge(document, problem, each, 'it')).toThrow(/not as/)
  })
})

describe('the readable pages', () => {
  const page = (path: string) => app.request('GET', path, { headers: { accept: 'text/html' } })

  it('show every operation and schema, without a script or anything from elsewhere', async () => {
    const { headers, text, status } = await page('/docs')
    expect([status, headers.get('content-type')]).toEqual([200, 'text/html; charset=utf-8'])
    for (const id of operations.keys()) expect(text).toContain(`<article id="${id}">`)
    for (const { operation } of eventsOf(document)) {
      expect(text).toContain(`<article id="${operation.operationId}">`)
    }
    for (const name of Object.keys(document.components?.schemas ?? {})) {
      expect(text).toContain(`<article id="schema-${name}">`)
    }
    const anchors = [...text.matchAll(/href="#([^"]+)"/g)].map(([, anchor]) => anchor)
    for (const anchor of anchors) expect(text).toContain(`id="${anchor}"`)
    expect(text).not.toMatch(/<script|<style|style=|src=|\son\w+=|\[object|undefined/)
    const links = [...text.matchAll(/href="([^"#][^"]*)"/g)].map(([, link]) => link)
    for (const link of links) expect(link).toMatch(/^\/(docs|openapi\.json|llms\.txt)/)
    expect(headers.get('content-security-policy')).toBe(
      "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    )
    const css = await app.request('GET', '/docs/style.css')
    expect([css.status, css.headers.get('content-type')]).toEqual([200, 'text/css; charset=utf-8'])
    expect(css.text).not.toMatch(/url\(|@import/)
  })

  it('explain each code of a problem where its type points to', async () => {
    const { text } = await page('/docs/errors')
    for (const code of Object.keys(problems)) expect(text).toContain(`<article id="${code}">`)
    const refused = await app.request('GET', '/api/v1/me')
    const [path = '', anchor] = refused.body.type.split('#')
    expect((await page(path)).text).toContain(`id="${anchor}"`)
  })

  it('are not found at other paths', async () => {
    expect((await app.request('GET', '/docs/nothing')).status).toBe(404)
    expect((await app.request('HEAD', '/docs')).text).toBe('')
  })
})
