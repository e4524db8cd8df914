// Every operation that takes an Idempotency-Key: a request that it executes, another payload, another path, and how often it was
// executed.
import { env } from 'cloudflare:workers'
import { type Account, makeKey } from './account.ts'
import { cookieOf, fromOwnPage } from './permission-matrix.ts'
import { type Answer, createAccount, type TestApp, type TestPerson } from './test-app.ts'

export type Retried = {
  path: string
  body?: unknown
  /** Another body that the operation accepts; absent where it takes none. */
  otherBody?: unknown
  /** The same operation on another resource; absent where the path has no ids. */
  otherPath?: string
  /** How often it was executed in the account. */
  executed(): Promise<number>
  /** What ends the resource before a repeat: revokes the key, deletes the endpoint. */
  end?: () => Promise<unknown>
}

type Prepare = (app: TestApp, account: Account) => Promise<Retried>

async function count(sql: string, ...values: unknown[]): Promise<number> {
  const row = await env.DB.prepare(`SELECT count(*) AS n FROM ${sql}`)
    .bind(...values)
    .first<{ n: number }>()
  return row?.n ?? -1
}

const events = (accountId: string, action: string) =>
  count('audit_event WHERE account_id = ? AND action = ?', accountId, action)

/** Rows and audit events must agree: a number that differs is -1. */
async function both(rows: Promise<number>, audited: Promise<number>): Promise<number> {
  return (await rows) === (await audited) ? audited : -1
}

async function makeEndpoint(app: TestApp, as: string): Promise<string> {
  const body = { url: `https://example.com/${crypto.randomUUID()}` }
  return (await app.request('POST', '/api/webhook-endpoints', { as, body })).body.data.id
}

const digest = () => crypto.randomUUID().replaceAll('-', '').repeat(2)

/** By the name of the operation. */
export const retried: Record<string, Prepare> = {
  createKey: async (app, { id, owner }) => ({
    path: '/api/api-keys',
    body: { name: 'Retried', scopes: ['contacts:read'], metadata: { b: 1, a: { d: 1, c: 2 } } },
    otherBody: { name: 'Other', scopes: [] },
    executed: () => both(count('api_key WHERE account_id = ?', id), events(id, 'key.created')),
    end: async () => {
      const { results } = await env.DB.prepare('SELECT id FROM api_key WHERE account_id = ?')
        .bind(id)
        .all<{ id: string }>()
      for (const key of results)
        await app.request('DELETE', `/api/api-keys/${key.id}`, { as: owner.jwt })
    },
  }),
  rotateKey: async (app, { id, owner }) => {
    const [one, other] = [await makeKey(app, owner.jwt), await makeKey(app, owner.jwt)]
    return {
      path: `/api/api-keys/${one.id}/rotate`,
      body: { overlap_seconds: 60 },
      otherBody: { overlap_seconds: 61 },
      otherPath: `/api/api-keys/${other.id}/rotate`,
      executed: () =>
        both(
          count('api_key WHERE account_id = ? AND replaced_by IS NOT NULL', id),
          events(id, 'key.rotated'),
        ),
      end: () => app.request('DELETE', `/api/api-keys/${one.id}`, { as: owner.jwt }),
    }
  },
  importKeys: async (_, { id }) => {
    const entry = { format: 'unkey', name: 'Imported', scopes: [] }
    const keys = [
      { ...entry, digest: digest() },
      { ...entry, digest: digest() },
    ]
    return {
      path: '/api/api-keys/import',
      body: { keys },
      otherBody: { keys: [{ ...entry, digest: digest() }] },
      executed: async () => {
        const rows = await both(
          count('api_key WHERE account_id = ?', id),
          events(id, 'key.imported'),
        )
        return rows === 3 ? 2 : rows / 2
      },
    }
  },
  addCredits: async (app, { id, owner }) => {
    const credited = () => makeKey(app, owner.jwt, { credits: { remaining: 10 } })
    const [one, other] = [await credited(), await credited()]
    const remaining = async () => {
      const of = async (key: { id: string }) =>
        (await app.request('GET', `/api/api-keys/${key.id}`, { as: owner.jwt })).body.data.credits
          .remaining as number
      return (await of(one)) + (await of(other))
    }
    return {
      path: `/api/api-keys/${one.id}/credits`,
      body: { add: 5 },
      otherBody: { add: 6 },
      otherPath: `/api/api-keys/${other.id}/credits`,
      executed: () =>
        both(
          remaining().then((credits) => Math.round((credits - 20) / 5)),
          events(id, 'key.credits_added'),
        ),
      end: () => app.request('DELETE', `/api/api-keys/${one.id}`, { as: owner.jwt }),
    }
  },
  createWebhookEndpoint: async (_, { id }) => ({
    path: '/api/webhook-endpoints',
    body: { url: 'https://example.com/hook', events: ['key.revoked'] },
    otherBody: { url: 'https://example.com/other' },
    executed: () =>
      both(
        count('webhook_endpoint WHERE account_id = ?', id),
        events(id, 'webhook_endpoint.created'),
      ),
  }),
  rotateWebhookSecret: async (app, { id, owner }) => {
    const [one, other] = [await makeEndpoint(app, owner.jwt), await makeEndpoint(app, owner.jwt)]
    return {
      path: `/api/webhook-endpoints/${one}/rotate-secret`,
      body: { overlap_seconds: 60 },
      otherBody: { overlap_seconds: 61 },
      otherPath: `/api/webhook-endpoints/${other}/rotate-secret`,
      executed: () => events(id, 'webhook_endpoint.secret_rotated'),
    }
  },
  testWebhookEndpoint: async (app, { owner }) => {
    const [one, other] = [await makeEndpoint(app, owner.jwt), await makeEndpoint(app, owner.jwt)]
    return {
      path: `/api/webhook-endpoints/${one}/test`,
      otherPath: `/api/webhook-endpoints/${other}/test`,
      executed: () => count('webhook_delivery WHERE endpoint_id IN (?, ?)', one, other),
    }
  },
  inviteMember: async (_, { id }) => ({
    path: '/api/auth/organization/invite-member',
    body: { email: `${crypto.randomUUID()}@example.test`, role: 'member', organizationId: id },
    otherBody: {
      email: `${crypto.randomUUID()}@example.test`,
      role: 'admin',
      organizationId: id,
    },
    executed: () =>
      both(count('invitation WHERE organization_id = ?', id), events(id, 'invitation.created')),
  }),
  createResetLink: async (_, { id, admin, member }) => ({
    path: `/api/members/${member.id}/reset-link`,
    otherPath: `/api/members/${admin.id}/reset-link`,
    executed: () =>
      both(count('reset_link WHERE account_id = ?', id), events(id, 'reset_link.created')),
  }),
  createAccount: async (_, { id }) => {
    await becomePlatform(id)
    const [one, other] = [`Retried ${crypto.randomUUID()}`, `Other ${crypto.randomUUID()}`]
    return {
      path: '/api/accounts',
      body: { name: one, owner_email: 'owner@example.test' },
      otherBody: { name: other },
      executed: () =>
        both(count('organization WHERE name IN (?, ?)', one, other), events(id, 'account.created')),
    }
  },
  inviteOwner: async (_, { id }) => {
    await becomePlatform(id)
    const [one, other] = [await createAccount('One'), await createAccount('Other')]
    return {
      path: `/api/accounts/${one}/owner-invitation`,
      body: { owner_email: `${crypto.randomUUID()}@example.test` },
      otherBody: { owner_email: `${crypto.randomUUID()}@example.test` },
      otherPath: `/api/accounts/${other}/owner-invitation`,
      executed: () =>
        both(
          count('invitation WHERE organization_id IN (?, ?)', one, other),
          events(id, 'invitation.created'),
        ),
    }
  },
}

/** For one test: the mark of a deployment never moves. */
async function becomePlatform(accountId: string): Promise<void> {
  await env.DB.batch([
    env.DB.prepare('DELETE FROM platform'),
    env.DB.prepare('INSERT INTO platform (id, account_id) VALUES (1, ?)').bind(accountId),
  ])
}

export type Sender = (
  request: Pick<Retried, 'path' | 'body'>,
  key?: string,
  more?: { app?: TestApp; headers?: Record<string, string> },
) => Promise<Answer>

/** Sends as a person: with a session where the operation is Better Auth's, which takes nothing else. */
export function senderFor(app: TestApp, account: Account, person: TestPerson): Sender {
  return async ({ path, body }, key, more = {}) => {
    const isBetterAuth = path.startsWith('/api/auth/')
    const headers: Record<string, string> = {
      'cf-connecting-ip': someAddress(),
      ...(key !== undefined && { 'idempotency-key': key }),
      ...(isBetterAuth && { cookie: await cookieOf(person, account.id), ...fromOwnPage }),
      ...more.headers,
    }
    return (more.app ?? app).request('POST', path, {
      headers,
      ...(!isBetterAuth && { as: person.jwt }),
      ...(body !== undefined && { body }),
    })
  }
}

// A separate address for each request, so that none is throttled for another.
const someAddress = () => [198, ...crypto.getRandomValues(new Uint8Array(3))].join('.')
