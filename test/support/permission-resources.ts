// Resources of accounts for the requests of the matrix: those that no POST of their collection creates.
import { env } from 'cloudflare:workers'
import { readSecretList } from '../../src/core/secrets.ts'
import { digestOf } from '../../src/core/token.ts'
import type { Caller } from '../../src/http/openapi/permissions.ts'
import { confirmationTokenOf } from '../../src/identity/confirm-address.ts'
import { makeKey } from './account.ts'
import { accountOf, personOf, prepared, sessionIdOf, type World } from './permission-matrix.ts'
import { portalKeyBody } from './portal.ts'
import { addPerson, createAccount } from './test-app.ts'

export const email = () => `${crypto.randomUUID()}@example.test`

export async function invitation(
  { acme, initech }: World,
  to = email(),
  accountId = acme.id,
): Promise<string> {
  const inviter = accountId === initech.id ? initech.owner : acme.owner
  const id = crypto.randomUUID()
  await env.DB.prepare(
    `INSERT INTO invitation (id, organization_id, email, role, status, inviter_id, expires_at, created_at)
     VALUES (?, ?, ?, 'member', 'pending', ?, ?, ?)`,
  )
    .bind(id, accountId, to, inviter.id, Date.now() + 86_400_000, Date.now())
    .run()
  return id
}

/** The token of a link by which a person sets a new password. */
export async function resetToken(userId: string): Promise<string> {
  const token = crypto.getRandomValues(new Uint8Array(32)).toBase64({ alphabet: 'base64url' })
  await env.DB.prepare(
    `INSERT INTO reset_link (id, digest, user_id, origin, expires_at, created_at)
     VALUES (?, ?, ?, 'operator', ?, ?)`,
  )
    .bind(crypto.randomUUID(), await digestOf(token), userId, Date.now() + 60_000, Date.now())
    .run()
  return token
}

/** The token of a link by which a person who has not proved their address does. */
export async function confirmationToken({ id }: { id: string }): Promise<string> {
  const { id: userId } = await addPerson(id, 'member')
  const email = `${userId}@example.test`
  await env.DB.prepare('UPDATE user SET email_verified = 0 WHERE id = ?').bind(userId).run()
  const secrets = readSecretList('AUTH_SECRETS', env.AUTH_SECRETS)
  return confirmationTokenOf(secrets, { userId, email, expiresAt: Date.now() + 60_000 })
}

export const foreign: Caller[] = ['outsider', 'platformOwner', 'platformAdmin']

/** The ids of resources that no POST of their collection creates. */
export const ids: Record<string, (world: World, caller: Caller) => Promise<string>> = {
  // A session belongs to one person: a caller of another account requests one of this account.
  '/api/sessions/{id}': (world, caller) =>
    sessionIdOf(personOf(world, foreign.includes(caller) ? 'owner' : caller)),
  '/api/auth/links/{id}': (world, caller) =>
    linkIdOf(personOf(world, foreign.includes(caller) ? 'owner' : caller)),
  '/api/invitations/{id}': (world) => invitation(world),
  '/api/webhook-endpoints/{id}': webhookEndpoint,
  // As a customer could have made it, whose changes are counted.
  '/api/v1/portal/keys/{id}': async ({ app, acme }) =>
    (await makeKey(app, acme.owner.jwt, portalKeyBody)).id,
  // One without an owner, which is neither suspended nor being deleted.
  '/api/accounts/{id}': () => createAccount('Customer'),
}

/** One of two, so that a way to sign in stays. */
async function linkIdOf({ id }: { id: string }): Promise<string> {
  const made = [crypto.randomUUID(), crypto.randomUUID()] as const
  const statement = env.DB.prepare(
    `INSERT INTO account (id, account_id, provider_id, user_id, created_at, updated_at)
     VALUES (?1, ?1, 'https://github.com/login/oauth', ?2, 1, 1)`,
  )
  await env.DB.batch([
    env.DB.prepare(`DELETE FROM account WHERE user_id = ? AND provider_id LIKE 'https:%'`).bind(id),
    ...made.map((each) => statement.bind(each, id)),
  ])
  return made[0]
}

/** An account may have few of them: each one replaces the previous one. */
async function webhookEndpoint(world: World, caller: Caller): Promise<string> {
  const { id, owner } = accountOf(world, caller)
  await env.DB.prepare('DELETE FROM webhook_endpoint WHERE account_id = ?').bind(id).run()
  const body = { url: 'https://example.com/' }
  const made = await prepared(world, caller, () =>
    world.app.request('POST', '/api/webhook-endpoints', { as: owner.jwt, body }),
  )
  return made.body.data.id
}

export async function webhookDelivery(
  world: World,
  caller: Caller,
  endpointId: string,
): Promise<string> {
  const path = `/api/webhook-endpoints/${endpointId}/test`
  const as = accountOf(world, caller).owner.jwt
  const sent = await prepared(world, caller, () => world.app.request('POST', path, { as }))
  return sent.body.data.id
}
