// Every kind of caller, each with its own credential, and requests that would succeed: generated from the
// OpenAPI document, so that a new route is covered without a change here.
import { env } from 'cloudflare:workers'
import { hashPassword, makeSignature } from 'better-auth/crypto'
import type { Document } from '../../src/http/openapi/document.ts'
import type { Caller } from '../../src/http/openapi/permissions.ts'
import { type Account, makeKey, openAccount } from './account.ts'
import { createAccount, type TestApp, type TestPerson } from './test-app.ts'

export type World = {
  app: TestApp
  acme: Account
  globex: Account
  keys: Record<'key' | 'manager' | 'verifier', string>
  passwordHash: string
}

export const password = 'correct horse battery'

export async function openWorld(app: TestApp): Promise<World> {
  await makeSigningKey(app)
  const acme = await openAccount('Acme Inc')
  const globex = await openAccount('Globex')
  const key = async (scopes?: string[], more: object = {}) =>
    (await makeKey(app, acme.owner.jwt, scopes && { scopes, ...more })).key
  const keys = {
    key: await key(),
    manager: await key(['keys:manage'], { may_grant: {} }),
    verifier: await key(['keys:verify']),
  }
  const passwordHash = await hashPassword(password)
  for (const person of [acme.owner, acme.admin, acme.member, globex.owner]) {
    await givePassword(person, passwordHash)
  }
  return { app, acme, globex, keys, passwordHash }
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
export async function cookieOf(
  { id }: Pick<TestPerson, 'id'>,
  accountId: string | null,
  provedAt: number | null = Date.now(),
): Promise<string> {
  const token = crypto.randomUUID()
  const now = Date.now()
  await env.DB.prepare(
    `INSERT INTO session (id, token, user_id, active_organization_id, ip_address, user_agent,
       proved_at, expires_at, created_at, updated_at)
     VALUES (?, ?, ?, ?, '192.0.2.1', 'A browser', ?, ?, ?, ?)`,
  )
    .bind(crypto.randomUUID(), token, id, accountId, provedAt, now + 86_400_000, now, now)
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

/** The person behind a caller; of a key, its owner. */
export function personOf({ acme, globex }: World, caller: Caller): TestPerson {
  if (caller === 'outsider') return globex.owner
  return caller === 'member' || caller === 'admin' ? acme[caller] : acme.owner
}

/** The headers that authenticate a caller. */
export async function credentialOf(world: World, caller: Caller): Promise<Record<string, string>> {
  const { acme, globex, keys } = world
  switch (caller) {
    case 'anonymous':
      return {}
    case 'jwt':
      return { authorization: `Bearer ${acme.owner.jwt}` }
    case 'key':
    case 'manager':
    case 'verifier':
      return { authorization: `Bearer ${keys[caller]}` }
    case 'member':
    case 'admin':
    case 'owner':
      return { cookie: await cookieOf(acme[caller], acme.id), ...fromOwnPage }
    case 'outsider':
      return { cookie: await cookieOf(globex.owner, globex.id), ...fromOwnPage }
  }
}

// biome-ignore lint/suspicious/noExplicitAny: a JSON Schema is not typed
type Schema = any

/** The smallest value that a schema accepts. */
export function sampleOf(document: Document, schema: Schema): unknown {
  if (schema?.$ref) {
    const name = String(schema.$ref).split('/').at(-1) ?? ''
    return sampleOf(document, document.components?.schemas?.[name])
  }
  const { example, examples, const: only, enum: values, anyOf, oneOf, allOf } = schema ?? {}
  const given = example ?? examples?.[0] ?? only ?? values?.[0]
  if (given !== undefined) return given
  if (allOf) return Object.assign({}, ...allOf.map((part: Schema) => sampleOf(document, part)))
  const choice = (anyOf ?? oneOf)?.[0]
  return choice ? sampleOf(document, choice) : plainSample(document, schema ?? {})
}

function plainSample(document: Document, schema: Schema): unknown {
  const {
    type,
    format,
    properties = {},
    required = [],
    items,
    minimum,
    minLength,
    minItems,
  } = schema
  switch (Array.isArray(type) ? type[0] : type) {
    case 'object':
      return Object.fromEntries(
        required.map((name: string) => [name, sampleOf(document, properties[name])]),
      )
    case 'array':
      return Array.from({ length: minItems ?? 0 }, () => sampleOf(document, items))
    case 'integer':
    case 'number':
      return minimum ?? 1
    case 'boolean':
      return true
    case 'string':
      return stringSample(format, minLength)
    default:
      return null
  }
}

function stringSample(format: string | undefined, minLength = 1): string {
  switch (format) {
    case 'uuid':
      return crypto.randomUUID()
    case 'email':
      return `${crypto.randomUUID()}@example.test`
    case 'uri':
    case 'url':
      return 'https://example.test/'
    case 'date-time':
      return new Date(Date.now() + 3_600_000).toISOString()
    default:
      return 'x'.repeat(Math.max(minLength, 1))
  }
}
