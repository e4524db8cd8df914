// ETag and If-Match of keys: an edit that was made on an older version is refused, and nothing else moves the tag.
import { beforeAll, describe, expect, it } from 'vitest'
import { type Account, makeKey, openAccount, outcome } from '../support/account.ts'
import { createTestApp, type TestApp } from '../support/test-app.ts'

let app: TestApp
let account: Account
let as: string

beforeAll(async () => {
  app = await createTestApp()
  account = await openAccount()
  as = account.owner.jwt
})

const at = (id: string, action = '') => `/api/api-keys/${id}${action}`
const read = (id: string) => app.request('GET', at(id), { as })
const tagOf = async (id: string) => (await read(id)).headers.get('etag') ?? ''
const patch = (id: string, body: object, ifMatch?: string) =>
  app.request('PATCH', at(id), { as, body, ...withTag(ifMatch) })
const withTag = (ifMatch?: string) =>
  ifMatch === undefined ? {} : { headers: { 'if-match': ifMatch } }

describe('the ETag of a key', () => {
  it('is strong, the same on every answer that shows the key, and moves with each change', async () => {
    const made = await app.request('POST', '/api/api-keys', { as, body: { name: 'A' } })
    const { id } = made.body.data
    const first = made.headers.get('etag')
    expect(first).toMatch(/^"\d+"$/)
    expect(await tagOf(id)).toBe(first)
    // Else Cloudflare compresses the answer and weakens its tag.
    expect((await read(id)).headers.get('cache-control')).toBe('no-transform')
    const patched = await patch(id, { name: 'B' })
    const second = patched.headers.get('etag')
    expect(second).toMatch(/^"\d+"$/)
    expect(second).not.toBe(first)
    expect(await tagOf(id)).toBe(second)
    const rotated = await app.request('POST', at(id, '/rotate'), { as })
    expect(rotated.headers.get('etag')).toBe(await tagOf(rotated.body.data.id))
    expect(await tagOf(id)).not.toBe(second)
  })

  it('does not move with use, balances, status by time or a change that changes nothing', async () => {
    const expires_at = new Date(app.clock.now() + 60_000).toISOString()
    const credits = { remaining: 10 }
    const { id, key } = await makeKey(app, as, { credits, expires_at, scopes: [] })
    const tag = await tagOf(id)
    await app.request('GET', '/api/v1/me', { key })
    await app.request('POST', at(id, '/credits'), { as, body: { add: 5 } })
    expect((await patch(id, { name: 'A key' })).headers.get('etag')).toBe(tag)
    app.clock.skip(120_000)
    const now = await read(id)
    expect(now.body.data.status).toBe('expired')
    expect(now.headers.get('etag')).toBe(tag)
  })

  it('is not on answers that show no key or several', async () => {
    const { id } = await makeKey(app, as)
    const list = await app.request('GET', '/api/api-keys', { as })
    const revoked = await app.request('DELETE', at(id), { as })
    expect([list.headers.get('etag'), revoked.headers.get('etag')]).toEqual([null, null])
  })
})

describe.each([
  ['PATCH', (id: string) => ({ method: 'PATCH', path: at(id), body: { name: 'New' } })],
  ['DELETE', (id: string) => ({ method: 'DELETE', path: at(id) })],
  ['rotate', (id: string) => ({ method: 'POST', path: at(id, '/rotate') })],
])('If-Match on %s', (_, requestOf) => {
  const send = (id: string, ifMatch: string, more: Record<string, string> = {}) => {
    const { method, path, ...rest } = requestOf(id)
    return app.request(method, path, { as, headers: { 'if-match': ifMatch, ...more }, ...rest })
  }

  it('admits the present version, in a list and as *', async () => {
    for (const form of [(tag: string) => tag, (tag: string) => `"1", ${tag} ,, W/"2"`, () => '*']) {
      const { id } = await makeKey(app, as)
      const answer = await send(id, form(await tagOf(id)))
      expect(answer.status, answer.text).toBeLessThan(300)
    }
  })

  it('refuses an older version with 412, and changes nothing', async () => {
    const { id } = await makeKey(app, as)
    const old = await tagOf(id)
    await patch(id, { name: 'Changed by another' })
    const before = await read(id)
    expect(await outcome(send(id, old))).toBe('412 precondition_failed')
    const after = await read(id)
    expect(after.body).toEqual(before.body)
    expect(after.headers.get('etag')).toBe(before.headers.get('etag'))
  })

  it('never matches a weak tag', async () => {
    const { id } = await makeKey(app, as)
    expect(await outcome(send(id, `W/${await tagOf(id)}`))).toBe('412 precondition_failed')
  })

  it.each(['', ',', '123', '"1', '1"', '"1" "2"', '*, "1"', 'w/"1"', '"1";', '"a\u0001b"'])(
    'is a 400 that names it for %j',
    async (ifMatch) => {
      const { id } = await makeKey(app, as)
      const answer = await send(id, ifMatch).catch(() => null)
      // The runtime itself refuses control characters in a header.
      if (answer === null) return expect(ifMatch).toContain('\u0001')
      expect(answer.body).toMatchObject({ status: 400, code: 'invalid_request' })
      expect(answer.body.errors[0].path).toMatch(/if-match$/)
    },
  )

  it('lets one of ten concurrent changes of a version through', async () => {
    const { id } = await makeKey(app, as)
    const tag = await tagOf(id)
    const answers = await Promise.all(
      Array.from({ length: 10 }, (_, at) => {
        const { method, path, ...rest } = requestOf(id)
        const body = method === 'PATCH' ? { body: { name: `Name ${at}` } } : rest
        return app.request(method, path, { as, headers: { 'if-match': tag }, ...body })
      }),
    )
    const statuses = answers.map(({ status }) => status)
    // Revoking again what is revoked is what was wanted, whatever the version.
    const passed = requestOf(id).method === 'DELETE' ? 10 : 1
    expect(statuses.filter((status) => status < 300)).toHaveLength(passed)
    expect(statuses.filter((status) => status === 412)).toHaveLength(10 - passed)
  })

  it('does not disclose a key of another account', async () => {
    const other = await openAccount('Globex')
    const { id } = await makeKey(app, other.owner.jwt)
    expect(await outcome(send(id, '"1"'))).toBe('404 not_found')
  })
})

describe('If-Match', () => {
  it.each(['"1"', 'malformed'])(
    '%s does not matter to the revocation of a revoked key',
    async (tag) => {
      const { id } = await makeKey(app, as)
      await app.request('DELETE', at(id), { as })
      const again = app.request('DELETE', at(id), { as, headers: { 'if-match': tag } })
      expect(await outcome(again)).toBe('200')
    },
  )

  it('is judged after the Idempotency-Key: a repeated rotation names the new key', async () => {
    const { id } = await makeKey(app, as)
    const headers = { 'if-match': await tagOf(id), 'idempotency-key': 'both' }
    const rotate = () => app.request('POST', at(id, '/rotate'), { as, headers })
    const first = await rotate()
    expect(first.status).toBe(201)
    expect((await rotate()).body).toMatchObject({ status: 409, key_id: first.body.data.id })
  })

  it('is judged before the state of the key', async () => {
    const { id } = await makeKey(app, as)
    await app.request('POST', at(id, '/rotate'), { as })
    const rotate = app.request('POST', at(id, '/rotate'), { as, headers: { 'if-match': '"1"' } })
    expect(await outcome(rotate)).toBe('412 precondition_failed')
  })
})

describe('PATCH without If-Match', () => {
  it('touches only what it names: concurrent changes of different fields both stay', async () => {
    const { id } = await makeKey(app, as, { metadata: { kept: true } })
    const edits = [{ name: 'Renamed' }, { external_id: 'customer-1' }, { is_active: false }]
    const answers = await Promise.all(edits.map((body) => patch(id, body)))
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200])
    expect((await read(id)).body.data).toMatchObject({
      name: 'Renamed',
      external_id: 'customer-1',
      is_active: false,
      metadata: { kept: true },
    })
  })
})
