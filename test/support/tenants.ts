// Accounts of customers, made by the API alone: by a key of the platform, and by the owners whom it invites.
import { expect } from 'vitest'
import { makeKey } from './account.ts'
import { fromOwnPage, inAccount, password } from './permission-matrix.ts'
import type { TestApp } from './test-app.ts'

export type Tenant = {
  id: string
  ownerId: string
  ownerEmail: string
  memberId: string
  /** Credentials of the account. */
  cookie: string
  jwt: string
  manager: string
  keys: { id: string; key: string }[]
  endpoint: string
  delivery: string
  invitation: string
}

export type Maker = { app: TestApp; platformKey: string; address: string }

/** Who calls: by a Bearer token, or by a cookie from our own page. */
export type By = { as: string } | { cookie: string }

export function ask(
  { app, address }: Pick<Maker, 'app' | 'address'>,
  by: By,
  [method, path]: [string, string],
  body?: unknown,
  more: Record<string, string> = {},
) {
  const headers = { 'cf-connecting-ip': address, ...fromOwnPage, ...more }
  const sent = body === undefined ? {} : { body }
  if ('as' in by) return app.request(method, path, { as: by.as, headers, ...sent })
  return app.request(method, path, { headers: { ...headers, cookie: by.cookie }, ...sent })
}

/** The data of an answer that succeeds. */
async function done(answer: ReturnType<typeof ask>) {
  const { status, text, body } = await answer
  expect(status, text).toBeLessThan(300)
  return body.data ?? body
}

/** An account of that name with keys, a managing key, a webhook endpoint with a delivery, and one who is invited. */
export async function openTenant(maker: Maker, name: string, keyCount: number): Promise<Tenant> {
  const byPlatform = { as: maker.platformKey }
  const ownerEmail = `${crypto.randomUUID()}@customer.test`
  const made = { name, owner_email: ownerEmail }
  const { id, invitation } = await done(ask(maker, byPlatform, ['POST', '/api/accounts'], made))
  const quotas = { quotas: { changes_per_minute: 60_000 } }
  await done(ask(maker, byPlatform, ['PATCH', `/api/accounts/${id}`], quotas))
  const keys: Tenant['keys'] = []
  for (let at = 0; at < keyCount; at++) {
    const body = { name: `Shop ${at}`, scopes: ['contacts:read'] }
    const key = ask(maker, byPlatform, ['POST', '/api/api-keys'], body, inAccount(id))
    keys.push(await done(key))
  }
  const owner = await openOwner(maker, invitation.id, ownerEmail)
  const { endpoint, delivery } = await openEndpoint(maker, { as: owner.jwt })
  const manager = await makeKey(maker.app, owner.jwt, { scopes: ['keys:manage'], may_grant: {} })
  const body = { email: `${crypto.randomUUID()}@customer.test`, role: 'member' }
  const path = '/api/auth/organization/invite-member'
  const invited = await done(ask(maker, owner, ['POST', path], body))
  return {
    ...{ id, ownerEmail, keys, endpoint, delivery },
    ...{ ...owner, manager: manager.key, invitation: invited.id },
  }
}

async function openOwner(maker: Maker, invitation: string, email: string) {
  const nobody = { cookie: '' }
  const join = `/api/invitations/${invitation}/accept`
  await done(ask(maker, nobody, ['POST', join], { name: 'Owner', password }))
  const answer = await ask(maker, nobody, ['POST', '/api/auth/sign-in/email'], { email, password })
  const cookie = answer.headers
    .getSetCookie()
    .map((line) => line.split(';')[0])
    .join('; ')
  const { token } = await done(ask(maker, { cookie }, ['GET', '/api/auth/token']))
  const own = '/api/auth/organization/get-active-member'
  const { id: memberId, userId: ownerId } = await done(ask(maker, { cookie }, ['GET', own]))
  return { cookie, jwt: token as string, memberId, ownerId }
}

async function openEndpoint(maker: Maker, by: By) {
  const body = { url: 'https://example.com/' }
  const { id } = await done(ask(maker, by, ['POST', '/api/webhook-endpoints'], body))
  const sent = await done(ask(maker, by, ['POST', `/api/webhook-endpoints/${id}/test`]))
  return { endpoint: id as string, delivery: sent.id as string }
}
