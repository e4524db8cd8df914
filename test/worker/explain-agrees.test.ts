// The first failed check of an explanation has the code that verification and the gateway give to the same request: random
// keys and requests, each explained and then sent. The clock stands still.
import { beforeAll, expect, it } from 'vitest'
import { type Account, type MadeKey, makeKey, openAccount } from '../support/account.ts'
import fc from '../support/fc.ts'
import { type Answer, createStillClock, createTestApp, type TestApp } from '../support/test-app.ts'

const clock = createStillClock()
let app: TestApp
let account: Account
let service: string
const keys: MadeKey[] = []

const scopes = [
  ...[null, [], ['contacts:read'], ['contacts:read#42'], ['contacts:*'], ['messages:send']],
  ...[['contacts:read#42', 'contacts:read#43', 'messages:read']],
]
const addresses = [null, null, ['192.0.2.0/24'], ['2001:db8::/32', '198.51.100.7']]
const limits = [
  ...[{}, {}, { credits: { remaining: 0 } }, { credits: { remaining: 4 } }],
  { rate_limit: { limit: 3, window_seconds: 3_600 } },
  { credits: { remaining: 3 }, rate_limit: { limit: 2, window_seconds: 7_200 } },
]
const states = [
  'active',
  'active',
  'active',
  'disabled',
  'expired',
  'revoked',
  'revoked and expired',
]

/** Each value of every list at least once. */
async function makeKeys(): Promise<void> {
  const soon = new Date(clock.now() + 60_000).toISOString()
  const makers = [account.owner.jwt, account.admin.jwt, account.owner.jwt]
  const pick = <T>(list: readonly T[], at: number) => list[at % list.length] as T
  for (let at = 0; at < 35; at++) {
    const state = pick(states, at)
    const key = await makeKey(app, pick(makers, at), {
      scopes: pick(scopes, at + Math.floor(at / 7)),
      allowed_ips: pick(addresses, at + Math.floor(at / 4)),
      format: pick(['whm', 'wacrm_live', 'wacrm_test'], at + Math.floor(at / 3)),
      ...pick(limits, at + Math.floor(at / 6)),
      ...(state === 'disabled' && { is_active: false }),
      ...(state.includes('expired') && { expires_at: soon }),
    })
    if (state.includes('revoked')) {
      await app.request('DELETE', `/api/api-keys/${key.id}`, { as: account.owner.jwt })
    }
    keys.push(key)
  }
  clock.skip(61_000)
}

beforeAll(async () => {
  app = await createTestApp({ clock })
  account = await openAccount()
  service = (await makeKey(app, account.owner.jwt, { scopes: ['keys:verify'] })).key
  await makeKeys()
})

const ip = fc.constantFrom('192.0.2.1', '198.51.100.7', '2001:db8::1', '203.0.113.9')
const need = fc.constantFrom('contacts:read', 'contacts:read#42', 'contacts:write', 'messages:send')
const ofVerify = fc.record(
  {
    scopes: fc.array(need, { maxLength: 2 }),
    any_of: fc.array(need, { minLength: 1, maxLength: 2 }),
    environment: fc.constantFrom('live', 'test', 'any'),
    ip,
  },
  { requiredKeys: [] },
)
const paths = [
  ...[
    '/api/contacts',
    '/api/contacts/42',
    '/api/contacts/43',
    '/api/v1/contacts/42',
    '/api/messages',
  ],
  ...[
    '/api/nowhere',
    '/api/contacts/',
    '/api/contacts/%34%32',
    '/api/contacts/42;a',
    '/api/contacts/%2542',
  ],
  ...['/api/contacts/..%2F42', '/api//contacts'],
]
const ofGateway = fc.record({
  method: fc.constantFrom('GET', 'GET', 'HEAD', 'POST', 'PURGE'),
  path: fc.constantFrom(...paths),
  ip,
})
const request = fc.oneof(
  fc.record({ to: fc.constant('verify' as const), body: ofVerify }),
  fc.record({ to: fc.constant('gateway' as const), body: ofGateway }),
)
type Presented = { key: string; id?: string }
/** When it runs the keys are made. */
const token: fc.Arbitrary<() => Presented> = fc.oneof(
  { weight: 12, arbitrary: fc.nat(34).map((at) => () => keys[at] as Presented) },
  { weight: 1, arbitrary: fc.constant(() => ({ key: `${keys[0]?.key.slice(0, -1)}_` })) },
  { weight: 1, arbitrary: fc.constant(() => ({ key: `whm_${'0'.repeat(32)}` })) },
)

const explained = async (body: object) => {
  const answer = await app.request('POST', '/api/api-keys/explain', {
    as: account.member.jwt,
    body,
  })
  expect(answer.status, answer.text).toBe(200)
  return answer.body.data as {
    code: string
    checks: { passed: boolean | null; code: string | null }[]
  }
}

/** The problems of Latchkey name the request; what the API behind answers does not. HEAD has no body. */
function codeOf({ body, status, headers }: Answer): string {
  if (body?.request_id !== undefined) return body.code
  return status < 400 || body !== null ? 'valid' : (headers.get('www-authenticate') ?? `${status}`)
}

async function sent(key: string, { to, body }: { to: 'verify' | 'gateway'; body: object }) {
  if (to === 'verify') {
    const asked = { as: service, body: { token: key, ...body } }
    return (await app.request('POST', '/api/v1/keys/verify', asked)).body.data.code as string
  }
  const { method, path, ip } = body as { method: string; path: string; ip: string }
  // GET has the same verdict as HEAD, and a body that says it.
  const asked = { key, headers: { 'cf-connecting-ip': ip } }
  return codeOf(await app.request(method === 'HEAD' ? 'GET' : method, path, asked))
}

it('explains every request as it is answered', async () => {
  const codes = new Set<string>()
  const property = fc.asyncProperty(token, request, fc.boolean(), async (of, asked, byId) => {
    const { key, id } = of()
    const named = byId && id !== undefined ? { key_id: id } : { token: key }
    const { code, checks } = await explained({ ...named, ...asked.body })
    expect(checks.find((check) => check.code !== null)?.code ?? 'valid').toBe(code)
    expect(checks).toHaveLength(13)
    expect(code).toBe(await sent(key, asked))
    codes.add(code)
  })
  await fc.assert(property, { numRuns: 250 })
  for (const code of [
    ...['valid', 'revoked_api_key', 'disabled_api_key', 'expired_api_key', 'wrong_environment'],
    ...['ip_not_allowed', 'insufficient_scope', 'invalid_api_key', 'not_found'],
  ]) {
    expect(codes).toContain(code)
  }
})
