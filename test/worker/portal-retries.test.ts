// Asking again is safe in the portal: each POST that makes something is executed once for an Idempotency-Key, of its customer alone.
import { env } from 'cloudflare:workers'
import { beforeAll, describe, expect, it, vi } from 'vitest'
import { type Account, openAccount, outcome } from '../support/account.ts'
import { losingAnswers } from '../support/lost-answers.ts'
import {
  customerInput,
  makeOpener,
  makePortalKey,
  portalKeys,
  portalSession,
} from '../support/portal.ts'
import { createTestApp } from '../support/test-app.ts'

vi.spyOn(console, 'error').mockImplementation(() => {})

const app = await createTestApp()
let acme: Account
let opener: string

beforeAll(async () => {
  acme = await openAccount()
  opener = (await makeOpener(app, acme.owner.jwt)).key
})

const newCustomer = () => `customer-${crypto.randomUUID()}`
const headers = (key: string) => ({ 'idempotency-key': key })
const rowsOf = async (external_id: string, table = 'api_key') => {
  const sql = `SELECT count(*) AS n FROM ${table} WHERE external_id = ?`
  return env.DB.prepare(sql).bind(external_id).first<number>('n')
}

/** What a customer sends, in a session of their own. */
async function requests() {
  const external_id = newCustomer()
  const as = await portalSession(app, opener, { external_id })
  const { id } = await makePortalKey(app, as)
  const create = {
    path: portalKeys,
    body: { name: 'Once', scopes: [] },
    other: { name: 'Other', scopes: [] },
  }
  const rotate = { path: `${portalKeys}/${id}/rotate`, body: { overlap_seconds: 1 }, other: {} }
  return { external_id, as, create, rotate }
}

describe.each(['create', 'rotate'] as const)('%s', (name) => {
  it('is executed once, sent ten times at once and again later', async () => {
    const { external_id, as, [name]: request } = await requests()
    const send = () =>
      app.request('POST', request.path, { as, body: request.body, headers: headers('once') })
    const answers = await Promise.all(Array.from({ length: 10 }, send))
    expect(answers.filter(({ status }) => status === 201).length).toBeLessThanOrEqual(1)
    expect(await rowsOf(external_id)).toBe(2)
    const again = await send()
    expect([again.status, again.body.key_id]).toEqual([409, expect.any(String)])
    expect(again.text).not.toMatch(/whm_[0-9a-f]{32}/)
    const newest = await app.request('GET', `${portalKeys}/${again.body.key_id}`, { as })
    expect(newest.status).toBe(200)
  })

  it('is executed once where its answer was lost, and refused with another payload', async () => {
    const { external_id, as, [name]: request } = await requests()
    const DB = losingAnswers((sql) => /insert into "?idempotency/i.test(sql))
    const broken = await createTestApp({ bindings: { DB }, clock: app.clock })
    const send = (body: object, by = app) =>
      by.request('POST', request.path, { as, body, headers: headers('lost') })
    expect(await outcome(send(request.body, broken))).toBe('503 authority_unavailable')
    expect((await send(request.body)).body.key_id).toEqual(expect.any(String))
    expect(await outcome(send(request.other))).toBe('422 idempotency_key_reused')
    expect(await rowsOf(external_id)).toBe(2)
  })
})

it('two customers of one opener choose the same Idempotency-Key, and learn nothing of each other', async () => {
  const [one, other] = [await requests(), await requests()]
  const send = ({ as, create }: typeof one) =>
    app.request('POST', create.path, { as, body: create.body, headers: headers('the same') })
  expect([(await send(one)).status, (await send(other)).status]).toEqual([201, 201])
})

it('the next session of a customer repeats what the last one sent', async () => {
  const { external_id, as, create } = await requests()
  const send = (by: string) =>
    app.request('POST', create.path, { as: by, body: create.body, headers: headers('next') })
  expect((await send(as)).status).toBe(201)
  expect((await send(await portalSession(app, opener, { external_id }))).status).toBe(409)
})

it('a second rotation names the successor, and a second revocation is a success', async () => {
  const { as, rotate } = await requests()
  const first = await app.request('POST', rotate.path, { as, body: {} })
  const second = await app.request('POST', rotate.path, { as, body: {} })
  expect([second.status, second.body.replaced_by]).toEqual([409, first.body.data.id])
  const revoke = () => app.request('DELETE', `${portalKeys}/${first.body.data.id}`, { as })
  expect([(await revoke()).status, (await revoke()).status]).toEqual([200, 200])
})

it('a session is opened once where ten clicks have one Idempotency-Key, and where the answer was lost', async () => {
  const external_id = newCustomer()
  const body = { ...customerInput, external_id }
  const open = (by = app) =>
    by.request('POST', '/api/v1/portal-sessions', {
      as: opener,
      body,
      headers: headers(external_id),
    })
  const DB = losingAnswers((sql) => /insert into "?idempotency/i.test(sql))
  const broken = await createTestApp({ bindings: { DB }, clock: app.clock })
  expect((await open(broken)).status).toBe(503)
  const answers = await Promise.all(Array.from({ length: 10 }, () => open()))
  expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([409]))
  expect(await rowsOf(external_id, 'portal_session')).toBe(1)
})

it('a change of another version is refused by If-Match', async () => {
  const as = await portalSession(app, opener, { external_id: newCustomer() })
  const { id } = await makePortalKey(app, as)
  const stale = { 'if-match': '"1"' }
  const path = `${portalKeys}/${id}`
  const body = { is_active: false }
  expect((await app.request('PATCH', path, { as, body, headers: stale })).status).toBe(412)
  expect((await app.request('DELETE', path, { as, headers: stale })).status).toBe(412)
  const { headers: shown } = await app.request('GET', path, { as })
  const fresh = { 'if-match': shown.get('etag') ?? '' }
  expect((await app.request('PATCH', path, { as, body, headers: fresh })).status).toBe(200)
})

it('a malformed If-Match is refused, but for the revocation of a revoked key', async () => {
  const as = await portalSession(app, opener, { external_id: newCustomer() })
  const { id } = await makePortalKey(app, as)
  const revoke = (headers: HeadersInit = {}) =>
    app.request('DELETE', `${portalKeys}/${id}`, { as, headers })
  const malformed = { 'if-match': 'malformed' }
  expect((await revoke(malformed)).status).toBe(400)
  expect((await revoke()).status).toBe(200)
  expect((await revoke(malformed)).status).toBe(200)
})
