// DELETE /api/v1/me: possession of a token suffices to revoke its key, and no other.
import { describe, expect, it, vi } from 'vitest'
import { makeKey, openAccount, outcome } from '../support/account.ts'
import { createForeignTestApp, unkeyToken } from '../support/foreign.ts'
import { down } from '../support/outage.ts'
import { resume, suspend } from '../support/suspension.ts'
import { createTestApp } from '../support/test-app.ts'
import { watchBindings } from '../support/watch.ts'

const path = '/api/v1/me'
const app = await createTestApp()
const acme = await openAccount()
const me = (key: string) => outcome(app.request('GET', path, { key }))
const end = (key: string) => outcome(app.request('DELETE', path, { key }))

describe('a client with a token', () => {
  it.each(['x-api-key', 'bearer'])('ends its key, presented as %s', async (way) => {
    const { id, key } = await makeKey(app, acme.owner.jwt, { scopes: [] })
    expect(await me(key)).toBe('200')
    const answer = await app.request('DELETE', path, way === 'bearer' ? { as: key } : { key })
    expect(answer.status).toBe(200)
    expect(answer.body).toEqual({
      status: 'success',
      data: { message: 'API key deleted successfully' },
    })
    expect(answer.headers.get('cache-control')).toBe('no-store')
    expect(await me(key)).toBe('401 revoked_api_key')
    const seen = await app.request('GET', `/api/api-keys/${id}`, { as: acme.owner.jwt })
    expect(seen.body.data).toMatchObject({ status: 'revoked', revoked_by: id })
  })

  it('is recorded in the audit trail as the key itself', async () => {
    const { id, key } = await makeKey(app, acme.owner.jwt, { name: 'Found in a log' })
    const answer = await app.request('DELETE', path, { key })
    const trail = `/api/audit-events?action=key.revoked&key_id=${id}`
    const { body } = await app.request('GET', trail, { as: acme.owner.jwt })
    expect(body.data).toHaveLength(1)
    expect(body.data[0]).toMatchObject({
      actor: { kind: 'key', id, name: 'Found in a log' },
      request_id: answer.headers.get('x-request-id'),
    })
  })

  it('is answered only after every region has applied it', async () => {
    const { key } = await makeKey(app, acme.owner.jwt)
    const before = app.clock.now()
    await end(key)
    expect(app.clock.now() - before).toBeGreaterThanOrEqual(app.isolate.config.leaseMs + 1_000)
  })

  it('may choose not to wait', async () => {
    const { key } = await makeKey(app, acme.owner.jwt)
    const headers = { prefer: 'respond-async' }
    const answer = await app.request('DELETE', path, { key, headers })
    expect(answer.status).toBe(202)
    expect(answer.body.data).toEqual({
      message: 'API key deleted successfully',
      effective_at: expect.any(String),
    })
    expect(await me(key)).toBe('401 revoked_api_key')
  })

  it('may repeat the request', async () => {
    const { key } = await makeKey(app, acme.owner.jwt)
    expect([await end(key), await end(key)]).toEqual(['200', '200'])
  })

  it('revokes a key that is disabled, expired or bound to other addresses', async () => {
    const disabled = await makeKey(app, acme.owner.jwt)
    const off = { as: acme.owner.jwt, body: { is_active: false } }
    await app.request('PATCH', `/api/api-keys/${disabled.id}`, off)
    const expires_at = new Date(app.clock.now() + 1_000).toISOString()
    const expired = await makeKey(app, acme.owner.jwt, { expires_at })
    app.clock.skip(1_000)
    const bound = await makeKey(app, acme.owner.jwt, { allowed_ips: ['192.0.2.1'] })
    for (const { key } of [disabled, expired, bound]) {
      expect(await me(key)).not.toBe('401 revoked_api_key')
      expect(await end(key)).toBe('200')
      expect(await me(key)).toBe('401 revoked_api_key')
    }
  })

  it('revokes a key of a suspended account, which stays revoked when that is resumed', async () => {
    const late = await openAccount('Late Ltd')
    const made = await makeKey(app, late.owner.jwt)
    const other = await makeKey(app, late.owner.jwt)
    await suspend(app, late.id)
    expect(await me(made.key)).toBe('401 account_suspended')
    expect(await end(made.key)).toBe('200')
    expect(await me(made.key)).toBe('401 revoked_api_key')
    await resume(app, late.id)
    expect([await me(made.key), await me(other.key)]).toEqual(['401 revoked_api_key', '200'])
  })

  it('revokes an imported key', async () => {
    const foreign = await createForeignTestApp()
    const { token, digest, format } = await unkeyToken()
    const keys = [{ digest, format, name: 'Moved', scopes: [] }]
    await foreign.request('POST', '/api/api-keys/import', { as: acme.owner.jwt, body: { keys } })
    expect(await outcome(foreign.request('DELETE', path, { key: token }))).toBe('200')
    expect(await outcome(foreign.request('GET', path, { key: token }))).toBe('401 revoked_api_key')
  })

  it('revokes that key alone', async () => {
    const [one, two] = [await makeKey(app, acme.owner.jwt), await makeKey(app, acme.owner.jwt)]
    await end(one.key)
    expect(await me(two.key)).toBe('200')
  })
})

describe('nothing is revoked', () => {
  it('without a known key', async () => {
    const { key } = await makeKey(app, acme.owner.jwt)
    const refusals = [
      [app.request('DELETE', path), '401 missing_credential'],
      [app.request('DELETE', path, { as: acme.owner.jwt }), '403 forbidden'],
      [app.request('DELETE', path, { key: acme.owner.jwt }), '401 invalid_api_key'],
      [app.request('DELETE', path, { key: '' }), '401 invalid_api_key'],
      [app.request('DELETE', path, { key: 'whm_' }), '401 invalid_api_key'],
      [app.request('DELETE', `${path}?key=${key}`), '401 missing_credential'],
      [app.request('DELETE', `${path}?key=${key}`, { key }), '400 invalid_request'],
      // X-API-Key wins, and a bad one falls back to nothing.
      [app.request('DELETE', path, { key: 'bad', as: key }), '401 invalid_api_key'],
    ] as const
    for (const [request, refusal] of refusals) expect(await outcome(request)).toBe(refusal)
    expect(await me(key)).toBe('200')
  })

  it('and no store queried for a forged token', async () => {
    const watch = watchBindings()
    const watched = await createTestApp({ bindings: watch.bindings })
    const forged = `whm_${'0'.repeat(32)}`
    expect(await outcome(watched.request('DELETE', path, { key: forged }))).toBe(
      '401 invalid_api_key',
    )
    expect(watch.counts()).toEqual({})
  })

  it('while D1 is unreachable or being restored', async () => {
    vi.spyOn(console, 'error').mockImplementation(() => {})
    const { key } = await makeKey(app, acme.owner.jwt)
    await me(key)
    const states = [down(['DB']), { CHANGES: 'stopped' as never }]
    for (const bindings of states) {
      const broken = await createTestApp({ bindings, isolate: app.isolate })
      expect(await outcome(broken.request('DELETE', path, { key }))).toBe(
        '503 authority_unavailable',
      )
    }
    expect(await me(key)).toBe('200')
  })
})
