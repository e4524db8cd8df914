// Every kind of caller, each with its own credential.
import { env } from 'cloudflare:workers'
import { hashPassword, makeSignature } from 'better-auth/crypto'
import type { Role } from '../../src/core/role.ts'
import type { Caller } from '../../src/http/openapi/permissions.ts'
import { type Account, makeKey, openAccount } from './account.ts'
import { manyKeys, portalGrant, portalSession } from './portal.ts'
import { writeSuspension } from './suspension.ts'
import { addPerson, createAccount, type TestApp, type TestPerson } from './test-app.ts'

export type KeyCaller = Extract<
  Caller,
  'key' | 'manager' | 'verifier' | 'portalKey' | 'platformKey' | 'platformVerifier'
>

export type World = {
  app: TestApp
  acme: Account
  globex: Account
  /** Suspended. */
  initech: Account
  platform: Account
  /** A member of Acme whose sessions are in Globex, which they own. */
  guest: TestPerson
  keys: Record<KeyCaller, string>
  passwordHash: string
}

export const password = 'correct horse battery'

export async function openWorld(app: TestApp): Promise<World> {
  await makeSigningKey(app)
  const acme = await openAccount('Acme Inc')
  const globex = await openAccount('Globex')
  const initech = await openAccount('Initech')
  const platform = await openAccount('Platform')
  await markPlatform(platform.id)
  const guest = await addPerson(globex.id, 'owner')
  await addMember(guest, acme.id, 'member')
  const passwordHash = await hashPassword(password)
  const people = [acme.owner, acme.admin, acme.member, globex.owner, initech.owner, guest]
  for (const person of [...people, platform.owner, platform.admin]) {
    await givePassword(person, passwordHash)
  }
  await writeSuspension(initech.id, Date.now())
  const world = { app, acme, globex, initech, platform, guest, passwordHash }
  const keys = {
    key: await keyOf(world, 'key'),
    manager: await keyOf(world, 'manager'),
    verifier: await keyOf(world, 'verifier'),
    portalKey: await keyOf(world, 'portalKey'),
    platformKey: await keyOf(world, 'platformKey'),
    platformVerifier: await keyOf(world, 'platformVerifier'),
  }
  return { ...world, keys }
}

const grants: Record<KeyCaller, object> = {
  key: {},
  manager: { scopes: ['keys:manage'], may_grant: {} },
  verifier: { scopes: ['keys:verify'] },
  portalKey: portalGrant,
  platformKey: { scopes: ['platform:manage'], may_grant: {} },
  platformVerifier: { scopes: ['platform:verify'] },
}

/** A new key of this kind. */
export async function keyOf(
  { app, acme, platform }: Pick<World, 'app' | 'acme' | 'platform'>,
  caller: KeyCaller,
): Promise<string> {
  if (!caller.startsWith('platform')) {
    return (await makeKey(app, acme.owner.jwt, { ...grants[caller] })).key
  }
  const expires_at = new Date(app.clock.now() + 30 * 86_400_000).toISOString()
  // The addresses of the matrix (permissions.test.ts).
  const more = { allowed_ips: ['198.0.0.0/8'], expires_at }
  return (await makeKey(app, platform.owner.jwt, { ...grants[caller], ...more })).key
}

export function isKey(caller: Caller): caller is KeyCaller {
  return Object.hasOwn(grants, caller)
}

export async function markPlatform(accountId: string): Promise<void> {
  await env.DB.prepare('INSERT INTO platform (id, account_id) VALUES (1, ?)').bind(accountId).run()
}

/** Makes a person a member of one more account. */
export async function addMember({ id }: TestPerson, accountId: string, role: string) {
  await env.DB.prepare(
    'INSERT INTO member (id, organization_id, user_id, role, created_at) VALUES (?, ?, ?, ?, 1)',
  )
    .bind(crypto.randomUUID(), accountId, id, role)
    .run()
}

/** The account of the data that a caller asks for: everybody's is Acme, but people of a suspended one ask for their own. */
export function accountOf({ acme, initech }: World, caller: Caller): Account {
  return caller === 'suspended' ? initech : acme
}

/** Makes what a caller asks for, also in the suspended account. */
export async function prepared<T>(
  { initech }: World,
  caller: Caller,
  make: () => Promise<T>,
): Promise<T> {
  if (caller !== 'suspended') return make()
  await writeSuspension(initech.id, null)
  const made = await make()
  await writeSuspension(initech.id, Date.now())
  return made
}

export async function givePassword({ id }: TestPerson, hash: string): Promise<void> {
  await env.DB.prepare(
    `INSERT INTO account (id, account_id, provider_id, user_id, password, created_at, updated_at)
     VALUES (?1, ?1, 'credential', ?1, ?2, 1, 1)`,
  )
    .bind(id, hash)
    .run()
}

/** Better Auth creates its own signing key at the first JWT; those of the test come later. */
export async function makeSigningKey(app: TestApp): Promise<void> {
  const [id, accountId] = [crypto.randomUUID(), await createAccount('First')]
  await env.DB.batch([
    env.DB.prepare(
      `INSERT INTO user (id, name, email, email_verified, created_at, updated_at) VALUES (?1, 'First', ?1, 1, 1, 1)`,
    ).bind(id),
    env.DB.prepare(
      `INSERT INTO member (id, organization_id, user_id, role, created_at) VALUES (?1, ?2, ?1, 'owner', 1)`,
    ).bind(id, accountId),
  ])
  const headers = { cookie: await cookieOf({ id }, accountId) }
  const made = await app.request('GET', '/api/auth/token', { headers })
  if (made.status !== 200) throw new Error(made.text)
}

/**
 * A new session, as the cookie that Better Auth would have set.
 * @param provedAt when it last proved its person (ms); `null`: never
 */
export function cookieOf(
  person: Pick<TestPerson, 'id'>,
  accountId: string | null,
  provedAt: number | null = Date.now(),
): Promise<string> {
  return newCookie(person, { accountId, provedAt, awaitsFactor: false })
}

/** Of a sign-in by password that awaits its second factor. */
export function awaitingCookieOf(person: Pick<TestPerson, 'id'>, accountId: string) {
  return newCookie(person, { accountId, provedAt: null, awaitsFactor: true })
}

type NewSession = { accountId: string | null; provedAt: number | null; awaitsFactor: boolean }

async function newCookie(
  { id }: Pick<TestPerson, 'id'>,
  { accountId, provedAt, awaitsFactor }: NewSession,
): Promise<string> {
  const token = crypto.randomUUID()
  const now = Date.now()
  await env.DB.prepare(
    `INSERT INTO session (id, token, user_id, active_organization_id, ip_address, user_agent,
       signed_in_with, proved_at, awaits_factor, expires_at, created_at, updated_at)
     VALUES (?1, ?2, ?3, ?4, '192.0.2.1', 'A browser', 'password', ?5, ?6, ?7, ?8, ?8)`,
  )
    .bind(
      ...[crypto.randomUUID(), token, id, accountId, provedAt, Number(awaitsFactor)],
      ...[now + 86_400_000, now],
    )
    .run()
  const secret = env.AUTH_SECRETS.split(',')[0] ?? ''
  const signed = encodeURIComponent(`${token}.${await makeSignature(token, secret)}`)
  return `better-auth.session_token=${signed}`
}

/** Another session of the same person. */
export async function sessionIdOf(person: Pick<TestPerson, 'id'>): Promise<string> {
  await cookieOf(person, null)
  const row = await env.DB.prepare('SELECT id FROM session WHERE user_id = ? ORDER BY rowid DESC')
    .bind(person.id)
    .first<{ id: string }>()
  return row?.id ?? ''
}

export const fromOwnPage = { origin: env.BASE_URL }

/** The person behind a caller; of a key of Acme, its owner. */
export function personOf({ acme, globex, initech, platform, guest }: World, caller: Caller) {
  switch (caller) {
    case 'outsider':
      return globex.owner
    case 'guest':
      return guest
    case 'suspended':
      return initech.owner
    case 'platformOwner':
      return platform.owner
    case 'platformAdmin':
      return platform.admin
    case 'member':
    case 'admin':
      return acme[caller]
    default:
      return acme.owner
  }
}

/** The role of a caller in the account of the data, or in their own where they have none. */
export function roleOf(caller: Caller): Role {
  if (caller === 'guest') return 'member'
  if (caller === 'platformAdmin') return 'admin'
  return caller === 'member' || caller === 'admin' ? caller : 'owner'
}

/** The header with which a request names its account. */
export const inAccount = (id: string) => ({ 'latchkey-account': id })

/** The headers that authenticate a caller. */
export async function credentialOf(world: World, caller: Caller): Promise<Record<string, string>> {
  const { acme, globex, initech, platform, keys } = world
  const bySession = async (accountId: string) => ({
    cookie: await cookieOf(personOf(world, caller), accountId),
    ...fromOwnPage,
  })
  switch (caller) {
    case 'anonymous':
      return {}
    case 'jwt':
      return { authorization: `Bearer ${acme.owner.jwt}` }
    case 'key':
    case 'manager':
    case 'verifier':
    case 'portalKey':
    case 'platformVerifier':
      return { authorization: `Bearer ${keys[caller]}` }
    case 'portalSession':
      return { authorization: `Bearer ${await portalSession(world.app, keys.portalKey, manyKeys)}` }
    case 'platformKey':
      return { authorization: `Bearer ${keys[caller]}`, ...inAccount(acme.id) }
    case 'member':
    case 'admin':
    case 'owner':
      return bySession(acme.id)
    case 'guest':
      return { ...(await bySession(globex.id)), ...inAccount(acme.id) }
    case 'outsider':
      return bySession(globex.id)
    case 'suspended':
      return bySession(initech.id)
    case 'platformOwner':
    case 'platformAdmin':
      return bySession(platform.id)
    case 'awaiting':
      return { cookie: await awaitingCookieOf(acme.owner, acme.id), ...fromOwnPage }
  }
}
