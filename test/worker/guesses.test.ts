// Guesses at anything secret: counted before they are tried, refused without a write, and locking nobody else out
// (api.md, "Guesses"). The routes that take a secret are found by their input, so that no new one is forgotten.
import { env } from 'cloudflare:workers'
import { beforeEach, describe, expect, it, vi } from 'vitest'
import { type Counter, countAttempt } from '../../src/storage/attempts.ts'
import { withWrongSecrets } from '../support/every-route/anonymous.ts'
import { written } from '../support/every-route/answers.ts'
import { fieldsOf } from '../support/every-route/positions.ts'
import { type EveryRoute, openEverything, type Sent } from '../support/every-route/routes.ts'
import { cookieOf } from '../support/permission-matrix.ts'

vi.spyOn(console, 'error').mockImplementation(() => {})

const signInPerMinute = 2
const bindings = { SIGN_IN_PER_MINUTE: String(signInPerMinute) as never }
const all = await openEverything({ bindings })
const { document, routes, sampleOf, theirs, world } = all

/** Fields by whose name a secret is meant. */
const ofSecret = /password|secret|token|code|otp|invitationId/i
/** What looks like a secret and is none that a guess could find, by route and field. */
const harmless: Record<string, string> = {
  'POST /api/auth/change-password newPassword': 'it is stored, not compared',
  'POST /api/invitations/{id}/accept password': 'it is stored, not compared',
  'POST /api/auth/reset-password password': 'it is stored, not compared',
  'POST /api/setup password': 'it is stored, not compared',
  'POST /api/auth/sign-up/email password': 'the endpoint is closed',
  'POST /api/auth/factors/totp/confirm code': 'of a secret that the session was shown',
  'POST /api/auth/organization/cancel-invitation invitationId': 'admins see the ids',
  'POST /api/api-keys/lookup token': 'tags, and only for members of the account of the key',
  'POST /api/api-keys/explain token': 'tags, and only for members of the account of the key',
  'POST /api/v1/keys/verify token': 'tags and the flood limit',
  'POST /api/v1/keys/verify-batch keys.0.token': 'tags and the flood limit',
  'POST /api/v1/introspect token': 'tags and the flood limit',
  'POST /api/v1/introspect token_type_hint': 'it is ignored',
  'POST /api/leaks/github 0.token': "tags, and GitHub's signature",
  'POST /api/v1/introspect client_secret': 'a key: tags and the flood limit',
}

const secretsOf = (route: EveryRoute): string[] => [
  ...fieldsOf(document, route)
    .map((place) => place.join('.'))
    .filter((field) => ofSecret.test(field) && !(`${route.name} ${field}` in harmless)),
  ...(route.path.startsWith('/api/invitations/') ? ['id'] : []),
  ...(route.caller === 'operator' ? ['Bearer'] : []),
]
const guessable = routes.filter((route) => secretsOf(route).length > 0)

/** Every allowance of a guess is below it. */
const manyGuesses = 12
let networks = 0
const newNetwork = () => `2001:db8:77:${(++networks).toString(16)}::1`

const from = (ip: string, sent: Sent): Sent => ({
  ...sent,
  headers: { ...sent.headers, 'cf-connecting-ip': ip },
})
const send = async (route: EveryRoute, sent: Sent) => {
  const { status, headers, text } = await all.send(route, sent)
  return { status, headers, text, retryAfter: Number(headers.get('retry-after')) }
}
/** Every row that counts anything. */
const counts = async () => {
  const tables = ['SELECT * FROM attempt', 'SELECT * FROM rate_limit', 'SELECT * FROM session']
  const found = await env.DB.batch(tables.map((sql) => env.DB.prepare(sql)))
  return found.map(({ results }) => results)
}
/** Statements that write other rows. A refused count writes none, as a test below shows. */
const others = () => written(all.watch.calls)

/** Guesses until one is refused. @returns how many were tried */
async function guessAt(route: EveryRoute, wrong: () => Sent): Promise<number> {
  for (let tried = 0; tried < manyGuesses; tried++) {
    const { status, text } = await send(route, wrong())
    if (status === 429) return tried
    expect(status, text).toBeGreaterThanOrEqual(400)
    expect(status, text).toBeLessThan(500)
  }
  throw new Error(`${manyGuesses} guesses at ${route.name} were tried.`)
}

beforeEach(() => env.DB.exec('DELETE FROM attempt'))

describe('a route that takes a secret', () => {
  it('is found by its input', () => {
    expect(guessable.map((route) => `${route.name}: ${secretsOf(route)}`).sort()).toEqual([
      'GET /api/invitations/{id}: id',
      'GET /api/operations/fences: Bearer',
      'POST /api/auth/change-password: currentPassword',
      'POST /api/auth/confirm-address: token',
      'POST /api/auth/factor: code,recovery_code',
      'POST /api/auth/organization/accept-invitation: invitationId,token',
      'POST /api/auth/organization/reject-invitation: invitationId,token',
      'POST /api/auth/reset-password: token',
      'POST /api/auth/sign-in/email: password',
      'POST /api/auth/step-up: password,code',
      'POST /api/invitations/{id}/accept: token,id',
      'POST /api/operations/fences/reset: Bearer',
      'POST /api/setup: setup_token',
      'POST /api/v1/portal/session: code',
    ])
  })

  const named = guessable.map((route) => [route.name, route] as const)

  it.each(named)('tries a few guesses and no more: %s', async (_, route) => {
    const ip = newNetwork()
    const sample = await sampleOf(route)
    const wrong = () => from(ip, withWrongSecrets(sample))
    const tried = await guessAt(route, wrong)
    expect(tried).toBeGreaterThanOrEqual(1)

    const before = await counts()
    const refused = await send(route, wrong())
    expect([refused.status, others()]).toEqual([429, []])
    expect(await counts()).toEqual(before)
    expect(JSON.parse(refused.text).code).toBe('rate_limited')
    expect(refused.retryAfter).toBeGreaterThanOrEqual(1)
    const again = await send(route, wrong())
    expect(again.retryAfter).toBeLessThanOrEqual(refused.retryAfter)
    // Counted before it is tried: what is right makes no difference.
    expect((await send(route, from(ip, sample))).status).toBe(429)
  })

  it.each(named)('refuses nobody else: %s', async (_, route) => {
    const ip = newNetwork()
    const sample = await sampleOf(route)
    await guessAt(route, () => from(ip, withWrongSecrets(sample)))
    const other = await sampleOf(route, theirs)
    // The sample of a sign-in that awaits its factor is of a new person each.
    const isInPerson = 'cookie' in other.headers && route.caller !== 'awaiting'
    const cookie = await cookieOf(world.globex.owner, world.globex.id)
    // Somebody else in the same network, or the same secret from another network.
    const sent = isInPerson
      ? from(ip, { ...other, headers: { ...other.headers, cookie } })
      : from(newNetwork(), await sampleOf(route))
    const { status, text } = await send(route, sent)
    expect(conflicts.includes(route.name) ? [409] : [200, 201], text).toContain(status)
  })

  it.each(named)('does not count what was right: %s', async (_, route) => {
    const ip = newNetwork()
    const seen = new Set<number>()
    for (let at = 0; at <= signInPerMinute; at++) {
      const sample = await sampleOf(route, theirs)
      const cookie = await cookieOf(world.globex.owner, world.globex.id)
      const isInPerson = 'cookie' in sample.headers && route.caller !== 'awaiting'
      const headers = { ...sample.headers, ...(isInPerson && { cookie }) }
      seen.add((await send(route, from(ip, { ...sample, headers }))).status)
    }
    expect([...seen]).not.toContain(429)
  })
})

/** There is an owner, and changes go on. */
const conflicts = ['POST /api/setup', 'POST /api/operations/fences/reset']

/** D1, with what each `all` says about itself. */
function recordingD1() {
  const metas: D1Meta[] = []
  const db = {
    prepare: (sql: string) => ({
      bind: (...values: unknown[]) => {
        const statement = env.DB.prepare(sql).bind(...values)
        const all = async () => {
          const result = await statement.all()
          metas.push(result.meta)
          return result
        }
        return { all, first: (column: string) => statement.first(column) }
      },
    }),
  }
  return { db: db as unknown as D1Database, metas }
}

describe('a count of attempts', () => {
  const counter = (max = 3): Counter => ({ key: crypto.randomUUID(), max, windowMs: 1_000 })
  const rowOf = ({ key }: Counter) =>
    env.DB.prepare('SELECT count, ends_at FROM attempt WHERE key = ?').bind(key).first()
  const count = (counters: Counter[], now = 5_000) => countAttempt(env.DB, counters, now)

  it('lets exactly as many through as it allows, of any number at once', async () => {
    const each = counter()
    const many = await Promise.all(Array.from({ length: 50 }, () => count([each])))
    expect(many.filter(({ kind }) => kind === 'counted')).toHaveLength(3)
    expect(await rowOf(each)).toEqual({ count: 3, ends_at: 6_000 })
  })

  it('that refuses writes no row and prolongs nothing', async () => {
    const each = counter(1)
    await count([each])
    const row = await rowOf(each)
    const { db, metas } = recordingD1()
    expect(await countAttempt(db, [each], 5_900)).toEqual({ kind: 'refused', seconds: 1 })
    expect(metas).toMatchObject([{ rows_written: 0, changes: 0 }])
    expect(await rowOf(each)).toEqual(row)
    expect(await countAttempt(db, [each], 6_000)).toMatchObject({ kind: 'counted' })
    expect(metas[1]).toMatchObject({ changes: 1 })
  })

  it('by several counters is by all of them or by none', async () => {
    const [full, free] = [counter(1), counter()]
    await count([full])
    expect(await count([free, full])).toMatchObject({ kind: 'refused' })
    expect(await rowOf(free)).toBeNull()
    expect(await count([free, counter()])).toMatchObject({ kind: 'counted' })
    expect(await rowOf(free)).toMatchObject({ count: 1 })
  })

  it('is taken back in its own window only', async () => {
    const each = counter(1)
    const first = await count([each])
    if (first.kind !== 'counted') throw new Error('It was refused.')
    await first.takeBack()
    expect(await rowOf(each)).toMatchObject({ count: 0 })
    await count([each], 7_000)
    await first.takeBack()
    expect(await rowOf(each)).toMatchObject({ count: 1 })
  })
})
