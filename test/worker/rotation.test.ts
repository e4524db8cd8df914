// Rotating AUTH_SECRETS (docs/operations.md), on a separate database: the first key that signs JWTs is created
// here. TAG_SECRETS: test/worker/credentials.test.ts.
import { env } from 'cloudflare:workers'
import { afterAll, describe, expect, it, vi } from 'vitest'
import { createTestApp, type TestApp } from '../support/test-app.ts'

vi.spyOn(console, 'error').mockImplementation(() => {})
afterAll(() => vi.restoreAllMocks())

describe('rotating the secrets of a deployment', () => {
  it('of AUTH_SECRETS keeps JWTs valid and ends all sessions', async () => {
    const founder = { email: 'rotation@example.test', password: 'correct horse battery' }
    const withSecrets = (secrets: string) =>
      createTestApp({ bindings: { AUTH_SECRETS: secrets } as Partial<Env> })
    const [old, next] = [
      'old-auth-secret-of-32-characters-or-more',
      'new-auth-secret-of-32-characters-or-more',
    ]
    const before = await withSecrets(old)
    const body = { setup_token: env.SETUP_TOKEN, account: 'First', name: 'Founder', ...founder }
    expect((await before.request('POST', '/api/setup', { body })).status).toBe(201)
    const signIn = async (at: TestApp) => {
      const answer = await at.request('POST', '/api/auth/sign-in/email', {
        body: founder,
        headers: { origin: env.BASE_URL },
      })
      expect(answer.status, answer.text).toBe(200)
      return answer.headers
        .getSetCookie()
        .map((line) => line.split(';')[0])
        .join('; ')
    }
    const status = async (at: TestApp, cookie: string) =>
      (await at.request('GET', '/api/status', { headers: { cookie } })).status
    const token = async (at: TestApp, cookie: string) =>
      (await at.request('GET', '/api/auth/token', { headers: { cookie } })).body?.token as string
    const cookie = await signIn(before)
    const jwt = await token(before, cookie)
    expect(await status(before, cookie)).toBe(200)

    const after = await withSecrets(`${next},${old}`)
    expect((await after.request('GET', '/api/status', { as: jwt })).status).toBe(200)
    expect(await status(after, cookie)).toBe(401)
    const again = await signIn(after)
    expect(await status(after, again)).toBe(200)
    // The key that signs JWTs is still encrypted with the old secret.
    expect(await token(after, again)).toBeTypeOf('string')
    const without = await withSecrets(next)
    const found = await without.request('GET', '/api/auth/token', { headers: { cookie: again } })
    expect(found.status).toBeGreaterThanOrEqual(500)
  })
})
