// The calls of the client of latchkey against the OpenAPI document: each is an operation of it, with parameters and a body that it
// takes, and no operation that a key can call is forgotten. Types are compared in client.test.ts.
import { env } from 'cloudflare:workers'
import { describe, expect, it } from 'vitest'
import { type Client, createClient } from '../../packages/latchkey/src/index.ts'
import { createDocument, type Document, operationsOf } from '../../src/http/openapi/document.ts'
import { createIsolate, systemClock } from '../../src/worker/context.ts'
import { contentOf, judge } from '../support/contract.ts'
import config from '../support/latchkey.config.ts'

const made = createDocument(createIsolate(config, systemClock), env.BASE_URL)
const document: Document = JSON.parse(JSON.stringify(made))
const operations = operationsOf(document)

const ofCustomer = 'for the page of the portal, by the session of a customer'

/** What the client leaves out, and why. */
const absent: Record<string, string> = {
  listPortalKeys: ofCustomer,
  createPortalKey: ofCustomer,
  getPortalKey: ofCustomer,
  getPortalKeyUsage: ofCustomer,
  disablePortalKey: ofCustomer,
  rotatePortalKey: ofCustomer,
  revokePortalKey: ofCustomer,
  importKeys: '`latchkey import` does it, for an owner after step-up',
  listFormats: 'for the dashboard',
  listKeyTemplates: 'for the dashboard',
  getPortalPage: 'for the portal',
  forwardAuthNginx: 'for proxies',
  forwardAuthForwarded: 'for proxies',
  forwardAuthEnvoy: 'for proxies',
}
for (const operation of ['begin', 'get', 'end']) absent[`${operation}PortalSession`] = ofCustomer
const tags = ['API keys', 'Catalogue', 'Audit', 'Accounts', 'Checking keys', 'Portal']

const id = crypto.randomUUID()
const window = { name: 'minute', limit: 5, window_seconds: 60 }
const scopes = ['contacts:read']
const times = { from: '2027-01-01T00:00:00Z', to: '2027-01-02T00:00:00Z' }
const may_grant = {
  ...{ scopes, environments: ['live'], external_ids: null, max_lifetime: 60, max_keys: 1 },
  rate_limit: [window],
}
const fields = {
  ...{
    scopes,
    may_grant,
    allowed_ips: ['192.0.2.1'],
    rate_limit: window,
    limits_by: 'key' as const,
  },
  ...{ credits: { remaining: 1, refill: { amount: 1, interval: 'monthly' as const, day: 1 } } },
  ...{ external_id: 'customer-7', metadata: { plan: 'gold' }, is_active: true, expires_at: null },
}
const token = 'whm_x'
const verification = {
  ...{ token, scopes, any_of: scopes, environment: 'live', ip: '192.0.2.1', cost: 2, fresh: true },
  ...{ idempotencyKey: 'a', account_id: '*' },
}
const page = { limit: 10, cursor: 'x' }

/** Each call with every field that it can have. */
const calls: Record<string, (client: Client) => unknown> = {
  listKeys: (client) =>
    client.list({
      ...{ ...page, status: 'active', search: 'a', environment: 'live', scope: 'contacts:read' },
      ...{ created_by: id, external_id: 'a', needs_review: 'true', expires_before: times.from },
      ...{ unused_for: '90d', sort: '-name' },
    }),
  summarizeKeys: (client) => client.summary(),
  lookUpKey: (client) => client.lookup(token),
  explainKey: (client) => client.explain({ token, method: 'GET', path: '/', ip: '192.0.2.1' }),
  createKey: (client) => client.create({ name: 'CI', format: 'whm', ...fields }),
  getKey: (client) => client.get(id),
  updateKey: (client) => client.update(id, { name: 'CI', needs_review: false, ...fields }),
  rotateKey: (client) => client.rotate(id, { overlap_seconds: 60, expires_at: null }),
  addCredits: (client) => client.addCredits(id, { add: 5 }),
  revokeKey: (client) => client.revoke(id),
  revokeKeys: (client) => client.revokeMany({ external_id: 'customer-7' }),
  getKeyUsage: (client) => client.usage(id, { ...times, granularity: 'hour' }),
  getUsageOfKeys: (client) => client.usageOfKeys([id], { ...times, granularity: 'hour' }),
  listScopes: (client) => client.scopes(),
  listAuditEvents: (client) =>
    client.auditEvents({ ...page, ...times, key_id: id, actor_id: id, action: 'key.created' }),
  verifyKey: (client) => client.verify(verification),
  verifyKeys: (client) => client.verifyBatch([verification]),
  introspect: (client) => client.introspect(token, { ip: '192.0.2.1' }),
  listAccounts: ({ accounts }) => accounts.list({ ...page, search: 'a', status: 'active' }),
  createAccount: ({ accounts }) => accounts.create({ name: 'A', owner_email: 'a@b.test' }),
  readAccount: ({ accounts }) => accounts.get(id),
  changeAccount: ({ accounts }) =>
    accounts.update(id, { name: 'A', quotas: { keys: 1, members: null } }),
  removeAccount: ({ accounts }) => accounts.remove(id),
  suspendAccount: ({ accounts }) => accounts.suspend(id),
  resumeAccount: ({ accounts }) => accounts.resume(id),
  inviteOwner: ({ accounts }) => accounts.inviteOwner(id, { owner_email: 'a@b.test' }),
  createPortalSession: ({ portal }) =>
    portal.createSession({
      ...{ external_id: 'a', scopes, origin: 'https://app.example.com', max_keys: 1 },
      limits: { rate_limit: window, limits_by: 'external_id', max_lifetime: 60 },
      environments: ['live'],
    }),
  readAccountUsage: ({ accounts }) => accounts.usage(id, { ...times, granularity: 'day' }),
}

type Sent = { url: URL; init: RequestInit }

async function sentBy(call: (client: Client) => unknown): Promise<Sent> {
  const sent: Sent[] = []
  const send = async (url: URL, init: RequestInit) => {
    sent.push({ url, init })
    return Response.json({ status: 'success', data: [], next_cursor: null })
  }
  const options = { url: 'https://keys.example', key: 'k', fetch: send as typeof fetch }
  await call(createClient(options))
  expect(sent).toHaveLength(1)
  return sent[0] as Sent
}

describe('the client', () => {
  it('calls every operation that is meant for keys, but for those with a reason', () => {
    const meant = operations
      .filter(({ operation }) => tags.includes(operation.tags?.[0] ?? ''))
      .map(({ operation }) => operation.operationId ?? '')
    expect(Object.keys({ ...calls, ...absent }).sort()).toEqual(meant.sort())
  })

  it.each(Object.entries(calls))('%s is as documented', async (operationId, call) => {
    const { url, init } = await sentBy(call)
    const found = operations.find(({ operation }) => operation.operationId === operationId)
    if (found === undefined) throw new Error('The document does not have it.')
    const { method, path, operation } = found
    expect(init.method).toBe(method.toUpperCase())
    expect(url.pathname).toBe(path.replace('{id}', id))

    const parameters = (operation.parameters ?? []) as {
      name: string
      in: string
      schema: object
    }[]
    for (const [name, value] of url.searchParams) {
      const parameter = parameters.find((each) => each.in === 'query' && each.name === name)
      if (parameter === undefined) throw new Error(`There is no query parameter ${name}.`)
      const isNumber = (parameter.schema as { type?: string }).type === 'integer'
      judge(document, parameter.schema, isNumber ? Number(value) : value, name)
    }
    const taken = parameters.filter((each) => each.in === 'query').map(({ name }) => name)
    expect([...url.searchParams.keys()].sort()).toEqual(taken.sort())

    const isOnce = parameters.some(({ name }) => name.toLowerCase() === 'idempotency-key')
    expect(new Headers(init.headers).has('idempotency-key')).toBe(isOnce)

    const [media] = Object.values(contentOf(operation.requestBody))
    const isForm = init.body instanceof URLSearchParams
    const body = isForm
      ? Object.fromEntries(init.body as never)
      : init.body && JSON.parse(String(init.body))
    if (media?.schema === undefined) expect(body ?? null).toBe(null)
    else judge(document, media.schema, body, 'the body')
  })
})
