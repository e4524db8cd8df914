// A suspended account: every surface refuses its keys on their next request, and lets them pass once it is resumed.
import { env } from 'cloudflare:workers'
import { beforeAll, describe, expect, it } from 'vitest'
import { digestOf } from '../../src/core/token.ts'
import { createKeyReader } from '../../src/storage/key-store.ts'
import type { UsageMessage } from '../../src/usage/message.ts'
import { type Account, makeKey, openAccount, outcome } from '../support/account.ts'
import { bearerOf } from '../support/challenge.ts'
import { openFence } from '../support/fences.ts'
import { planOf, recordStatements } from '../support/query-plans.ts'
import { type Ask, createEchoApp, openSurfaces, type Surfaces } from '../support/surfaces.ts'
import { resume, suspend, writeSuspension } from '../support/suspension.ts'
import { createTestApp, type TestApp } from '../support/test-app.ts'
import { deliver } from '../support/usage.ts'

let app: TestApp
let account: Account
let surfaces: Surfaces
let service: string

beforeAll(async () => {
  await openFence()
  app = await createEchoApp()
  account = await openAccount('Late Ltd')
  service = (await makeKey(app, account.owner.jwt, { scopes: ['keys:verify'] })).key
  surfaces = openSurfaces(app, service)
})

const customer = { name: 'CI', external_id: 'customer-42', metadata: { plan: 'gold' } }
const ask: Ask = { scopes: ['contacts:read#7'] }
const me = (key: string, at = app) => outcome(at.request('GET', '/api/v1/me', { key }))

describe('every surface', () => {
  const everySurface = () => {
    const { 'latchkey/hono over HTTP': _, ...admitting } = surfaces.admitting
    return { ...surfaces.answering, ...admitting }
  }
  const codes = async (token: string) => {
    const said: Record<string, string> = {}
    for (const [name, surface] of Object.entries(everySurface())) {
      said[name] = await surface(token, ask).then(
        ({ code }) => code,
        // Whoever asks about keys of the account does so with one of them, which is refused as well.
        (error: Error) => JSON.parse(error.message.replace(/^No answer: 401 /, '')).code,
      )
    }
    return said
  }
  const allOf = (code: string) =>
    Object.fromEntries(Object.keys(everySurface()).map((name) => [name, code]))

  it('refuses a key on its next request, and lets it pass once the account is resumed', async () => {
    const { key } = await makeKey(app, account.owner.jwt, {
      ...customer,
      scopes: ['contacts:read'],
    })
    const other = await openAccount('Other')
    const { key: theirs } = await makeKey(app, other.owner.jwt)
    expect(await codes(key)).toEqual(allOf('valid'))
    await suspend(app, account.id)
    expect(await codes(key)).toEqual(allOf('account_suspended'))
    expect(await me(theirs)).toBe('200')
    // A server whose own key is refused fails, and lets nobody pass.
    const overHttp = await surfaces.admitting['latchkey/hono over HTTP'](key, ask)
    expect(overHttp.code).toBe('internal_error')
    await resume(app, account.id)
    expect(await codes(key)).toEqual(allOf('valid'))
  })

  it('knows of it in an isolate that met the key before, and in one that never did', async () => {
    const { key } = await makeKey(app, account.owner.jwt, { scopes: [] })
    const [met, fresh] = [
      await createTestApp({ clock: app.clock }),
      await createTestApp({ clock: app.clock }),
    ]
    expect(await me(key, met)).toBe('200')
    await suspend(app, account.id)
    for (const at of [met, fresh]) expect(await me(key, at)).toBe('401 account_suspended')
    await resume(app, account.id)
    for (const at of [met, fresh]) expect(await me(key, at)).toBe('200')
  })
})

describe('the refusal', () => {
  beforeAll(() => suspend(app, account.id))
  const refused = async (body: object, change?: object) => {
    await resume(app, account.id)
    const made = await makeKey(app, account.owner.jwt, { scopes: ['contacts:read'], ...body })
    if (change !== undefined) {
      const path = `/api/api-keys/${made.id}`
      await app.request('PATCH', path, { as: account.owner.jwt, body: change })
    }
    await suspend(app, account.id)
    return made
  }

  it('is a 401 with a challenge, and tells the holder nothing of the key', async () => {
    const { id, key } = await refused(customer)
    for (const path of ['/api/contacts/7', '/api/v1/me']) {
      const answer = await app.request('GET', path, { key })
      expect(answer.status).toBe(401)
      expect(answer.headers.get('www-authenticate')).toBe(
        `${bearerOf(env.BASE_URL)}, error="invalid_token"`,
      )
      expect(answer.body).toMatchObject({
        ...{ type: expect.stringContaining('/docs/errors#account_suspended'), status: 401 },
        ...{ title: 'The account is suspended', code: 'account_suspended' },
      })
      for (const secret of ['gold', 'customer-42', id]) expect(answer.text).not.toContain(secret)
    }
    const gateway = JSON.parse((await surfaces.admitting.gateway(key)).text)
    const { told } = await surfaces.admitting['latchkey/hono over a binding'](key, ask)
    expect(told).toEqual({ ...gateway, request_id: expect.any(String) })
  })

  it('tells a service of the deployment whose key it is', async () => {
    const { id, key } = await refused(customer)
    const { code, told } = await surfaces.answering.RPC(key, ask)
    expect(code).toBe('account_suspended')
    expect(told).toEqual({
      key: expect.objectContaining({ id, ...customer }),
      account: { id: account.id, name: 'Late Ltd' },
      ...{ scopes: null, resources: null },
    })
  })

  it('comes after those of the key itself, and before all else', async () => {
    const soon = new Date(app.clock.now() + 30_000).toISOString()
    const states = {
      disabled_api_key: await refused({ is_active: false }),
      expired_api_key: await refused({ expires_at: soon }),
    }
    app.clock.skip(60_000)
    const others = {
      environment: await refused({ format: 'wacrm_test' }),
      address: await refused({ allowed_ips: ['192.0.2.1'] }),
      scope: await refused({ scopes: [] }),
      credits: await refused({ credits: { remaining: 0 } }),
    }
    const codeOf = async ({ key }: { key: string }) => (await surfaces.answering.RPC(key, ask)).code
    for (const [code, made] of Object.entries(states)) expect(await codeOf(made)).toBe(code)
    for (const [what, made] of Object.entries(others)) {
      expect(await codeOf(made), what).toBe('account_suspended')
    }
  })

  it('takes nothing from the limits of the key', async () => {
    const { key } = await refused({ credits: { remaining: 1 } })
    for (let times = 0; times < 3; times++) expect(await me(key)).toBe('401 account_suspended')
    await resume(app, account.id)
    expect([await me(key), await me(key)]).toEqual(['200', '429 credits_exhausted'])
  })

  it('is explained to people of the account, who read', async () => {
    const { id } = await refused({})
    const asked = { as: account.member.jwt, body: { key_id: id } }
    const { body } = await app.request('POST', '/api/api-keys/explain', asked)
    expect(body.data.code).toBe('account_suspended')
    const failed = body.data.checks.filter(({ passed }: { passed: boolean }) => passed === false)
    expect(failed).toEqual([
      {
        ...{ check: 'suspended', passed: false, code: 'account_suspended' },
        detail: 'The account is suspended: no key of it works.',
        remedy: 'The operator of this service resumes the account.',
      },
    ])
    const checks = body.data.checks.map(({ check }: { check: string }) => check)
    expect(checks.slice(4, 9)).toEqual([
      'revoked',
      'disabled',
      'expired',
      'suspended',
      'environment',
    ])
  })

  it('is counted by usage, and stands in the request log', async () => {
    const sent: UsageMessage[] = []
    const queue = { send: async (message: UsageMessage) => void sent.push(message) }
    const at = await createTestApp({
      ...{ clock: app.clock, bindings: { USAGE: queue as unknown as Env['USAGE'] } },
    })
    const { id, key } = await refused({})
    for (let times = 0; times < 2; times++) expect(await me(key, at)).toBe('401 account_suspended')
    expect((await deliver(sent)).retried).toEqual({})
    const as = account.owner.jwt
    const usage = await app.request('GET', `/api/api-keys/${id}/usage?granularity=day`, { as })
    expect(usage.body.data.counts).toEqual({ account_suspended: 2 })
    const log = await app.request('GET', `/api/requests?key_id=${id}&code=account_suspended`, {
      as,
    })
    expect(log.body.data).toHaveLength(2)
    expect(log.body.data[0]).toMatchObject({ code: 'account_suspended', route: '/api/v1/me' })
  })
})

describe('the record', () => {
  it('is read with the suspension in one statement, by primary keys and unique indexes alone', async () => {
    await writeSuspension(account.id, 1)
    const recorded = recordStatements(env.DB)
    const record = await createKeyReader(recorded.d1).read(await digestOf(service))
    expect(record).toMatchObject({ suspended: true, accountId: account.id })
    const [statement, ...others] = recorded.ran
    if (statement === undefined || others.length > 0) throw new Error('Not one statement.')
    const plan = (await planOf(env.DB, statement)).filter(({ depth }) => depth === 0)
    expect(
      plan.map(({ detail }) => detail.replace(/ \([\w =?]+( AND [\w =?]+)?\).*$/, '')),
    ).toEqual([
      'SEARCH api_key USING INDEX api_key_digest_unique',
      'SEARCH organization USING INDEX sqlite_autoindex_organization_1',
      'SEARCH account_control USING INDEX sqlite_autoindex_account_control_1',
      'SEARCH member USING INDEX member_organization_id_user_id_uidx',
      'SCALAR SUBQUERY 1',
    ])
  })
})
