// Sequences of calls by a customer, between changes of the host: no key of theirs becomes more than their session could make, no
// key of anybody else changes, and a refusal changes nothing. POWERS_RUNS=100 runs more of them, SEED=… others.
import { env } from 'cloudflare:workers'
import { describe, expect, inject, it } from 'vitest'
import { environmentOf } from '../../src/core/environment.ts'
import { makeKey, openAccount } from '../support/account.ts'
import fc from '../support/fc.ts'
import config from '../support/latchkey.config.ts'
import { makeOpener, portalKeys, portalSession } from '../support/portal.ts'
import { createTestApp, type TestApp } from '../support/test-app.ts'

const { runs } = inject('sequences')
const seed = inject('seed')
const maxKeys = 3
const maxLifetime = 3_600
const rate = { limit: 50, window_seconds: 60 }
const scopes = ['contacts:read', 'messages:read']

type Row = Record<string, string | number | null>
type Command = { by: 'customer' | 'host'; call: string; at: number; body: object }

const later = [60, 600, 3_599, null, 7_200] as const
const body = fc.record(
  {
    scopes: fc.oneof(
      { weight: 3, arbitrary: fc.subarray([...scopes, 'contacts:read#1']) },
      { weight: 1, arbitrary: fc.subarray(['contacts:write', 'contacts:*', 'keys:manage']) },
    ),
    environment: fc.constantFrom('live', 'live', 'live', 'test'),
    lifetime: fc.constantFrom(...later),
    is_active: fc.constantFrom(false, false, true),
    overlap_seconds: fc.constantFrom(0, 60, 7_200),
    external_id: fc.constantFrom('customer', 'other'),
    rate_limit: fc.constantFrom(
      null,
      { limit: 10, window_seconds: 60 },
      { limit: 60, window_seconds: 60 },
    ),
    limits_by: fc.constantFrom('key', 'external_id'),
    metadata: fc.constant({ plan: 'gold' }),
  },
  { requiredKeys: [] },
)
const commands = fc.array(
  fc.record({
    by: fc.constantFrom('customer', 'customer', 'customer', 'host'),
    call: fc.constantFrom('create', 'create', 'rotate', 'patch', 'delete'),
    at: fc.nat(20),
    body,
  }),
  { minLength: 10, maxLength: 25 },
)

/** Each call succeeds, whatever the seed. The first two keys are the opener's and another customer's. */
const ordinary: Command[] = [
  { by: 'customer', call: 'create', at: 2, body: { scopes: ['contacts:read'] } },
  { by: 'customer', call: 'rotate', at: 2, body: {} },
  { by: 'customer', call: 'patch', at: 3, body: { is_active: false } },
  { by: 'customer', call: 'delete', at: 3, body: {} },
]

const columns = `id, external_id, scopes, format, rate_limit, limits_by, metadata, allowed_ips, credits, may_grant, created_by,
  made_by, disabled, expires_at, created_at, revoked_at, replaced_by, name`

async function rowsOf(accountId: string): Promise<Map<string, Row>> {
  const sql = `SELECT ${columns} FROM api_key WHERE account_id = ? ORDER BY rowid`
  const { results } = await env.DB.prepare(sql).bind(accountId).all<Row>()
  return new Map(results.map((row) => [String(row.id), row]))
}

const fieldsOf: Record<Command['by'], Record<string, string[]>> = {
  customer: {
    create: ['scopes', 'environment', 'expires_at'],
    rotate: ['overlap_seconds', 'expires_at'],
    patch: ['is_active'],
  },
  host: {
    create: ['scopes', 'expires_at', 'external_id', 'rate_limit', 'limits_by', 'metadata'],
    rotate: ['overlap_seconds'],
    patch: ['is_active', 'scopes', 'expires_at', 'external_id', 'rate_limit', 'metadata'],
  },
}

/** Mostly what the operation knows: what it does not is refused before anything is decided. */
function bodyFor({ by, call, body }: Command, nowMs: number): Record<string, unknown> {
  const { lifetime, ...rest } = body as { lifetime?: number | null }
  const expires_at =
    lifetime === undefined ? undefined : lifetime && new Date(nowMs + lifetime * 1000).toISOString()
  const all: Record<string, unknown> = { ...rest, expires_at }
  const known = (fieldsOf[by][call] ?? []).filter((field) => all[field] !== undefined)
  const given = Object.fromEntries(known.map((field) => [field, all[field]]))
  return call === 'create' ? { name: 'A key', scopes: [], ...given } : given
}

async function send(app: TestApp, credential: string, base: string, command: Command, id: string) {
  const { call } = command
  const sent = { as: credential, body: bodyFor(command, app.clock.now()) }
  if (call === 'create') return app.request('POST', base, sent)
  if (call === 'rotate') return app.request('POST', `${base}/${id}/rotate`, sent)
  if (call === 'patch') return app.request('PATCH', `${base}/${id}`, sent)
  return app.request('DELETE', `${base}/${id}`, { as: credential })
}

/** Why the session could not have made a key like this now, or null. */
function beyond(row: Row, nowMs: number): string | null {
  const held: string[] | null = JSON.parse(String(row.scopes))
  const windows: { limit: number }[] | null = JSON.parse(String(row.rate_limit))
  const covered = [...scopes, 'contacts:read#1']
  if (row.external_id !== 'customer') return 'external_id'
  if (held === null || held.some((scope) => !covered.includes(scope))) return 'scopes'
  if (environmentOf(String(row.format), config) !== 'live') return 'environment'
  if ((windows?.[0]?.limit ?? Infinity) > rate.limit || row.limits_by !== 'external_id')
    return 'limits'
  if (Number(row.expires_at ?? Infinity) > nowMs + maxLifetime * 1000) return 'lifetime'
  return row.may_grant === null ? null : 'may_grant'
}

const isCounted = (row: Row) =>
  row.external_id === 'customer' && row.revoked_at === null && row.replaced_by === null

/** What a customer's successful call did to the keys of the account. */
function checkSuccess(before: Map<string, Row>, after: Map<string, Row>, nowMs: number) {
  for (const [id, row] of after) {
    const old = before.get(id)
    if (JSON.stringify(old) === JSON.stringify(row)) continue
    expect(beyond(row, nowMs), JSON.stringify(row)).toBe(null)
    if (old === undefined) {
      const from = [...after.values()].find(({ replaced_by }) => replaced_by === id)
      expect([row.metadata, row.allowed_ips]).toEqual([
        from?.metadata ?? null,
        from?.allowed_ips ?? null,
      ])
      continue
    }
    // Of a key that there was, only these change, and only so far.
    const changed = Object.keys(row).filter((field) => row[field] !== old[field])
    const may = ['disabled', 'revoked_at', 'replaced_by', 'expires_at']
    expect(changed.filter((field) => !may.includes(field))).toEqual([])
    expect(Number(row.disabled)).toBeGreaterThanOrEqual(Number(old.disabled))
    expect(Number(row.expires_at ?? Infinity)).toBeLessThanOrEqual(
      Number(old.expires_at ?? Infinity),
    )
    expect(old.revoked_at).toBe(null)
  }
  const count = (rows: Map<string, Row>) => [...rows.values()].filter(isCounted).length
  expect(count(after)).toBeLessThanOrEqual(Math.max(maxKeys, count(before)))
}

describe('whatever a customer calls, in whatever order', () => {
  it('nothing is more than their session could make, and nothing of others changes', {
    timeout: 60_000 + runs * 60_000,
  }, async () => {
    const app = await createTestApp()
    const counts: Record<string, number> = {}
    const property = fc.asyncProperty(commands, async (sequence) => {
      const { id: accountId, owner } = await openAccount()
      const may_grant = { scopes: ['contacts:*', 'messages:read'], max_keys: 5 }
      const opener = await makeOpener(app, owner.jwt, { may_grant, external_id: 'customer' })
      const limits = { rate_limit: rate, max_lifetime: maxLifetime }
      const as = await portalSession(app, opener.key, {
        external_id: 'customer',
        scopes,
        limits,
        max_keys: maxKeys,
      })
      await makeKey(app, owner.jwt, { external_id: 'other', scopes: [] })
      for (const command of sequence) {
        const before = await rowsOf(accountId)
        const ids = [...before.keys()]
        const id = ids[command.at % ids.length] ?? ''
        // The host leaves the opener alone.
        if (command.by === 'host' && id === opener.id) continue
        const [credential, base] =
          command.by === 'host' ? [owner.jwt, '/api/api-keys'] : [as, portalKeys]
        const { status, text } = await send(app, credential, base, command, id)
        expect(status, text).toBeLessThan(500)
        if (command.by === 'host') continue
        const after = await rowsOf(accountId)
        const name = `${command.call} ${status < 400 ? 'ok' : status}`
        counts[name] = (counts[name] ?? 0) + 1
        if (status < 400) checkSuccess(before, after, app.clock.now())
        else expect([...after]).toEqual([...before])
      }
    })
    await fc.assert(property, { numRuns: runs, endOnFailure: true, examples: [[ordinary]] })
    console.info(`Portal: seed ${seed}, ${runs} sequences`, counts)
    for (const what of ['create', 'patch', 'rotate', 'delete']) {
      expect(counts[`${what} ok`], what).toBeGreaterThan(0)
    }
  })
})
