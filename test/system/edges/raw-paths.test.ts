// Odd paths over raw sockets, to workerd alone: where no zone setting normalizes URLs, the gate is all that stands
// between a spelling that a guard does not recognize and the route behind it.
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { demoOwner, jwtOf, sendTo, signIn } from '../../support/system/sign-in.ts'
import { suiteTimeoutMs } from '../../support/system/time-out.ts'
import { ambiguous, others, same } from './spellings.ts'
import { type RawAnswer, type RawRequest, sendRaw, startWorkerd, type Workerd } from './workerd.ts'

const password = 'a-password-of-this-test'
const timeout = suiteTimeoutMs

let workerd: Workerd
let world: Awaited<ReturnType<typeof openWorld>>
before(
  async () => {
    workerd = await startWorkerd(password)
    world = await openWorld()
  },
  { timeout },
)
after(() => workerd?.stop())

/** An owner with a session and a JWT, a member of the account, and two keys. */
async function openWorld() {
  const { origin, db } = workerd
  const send = sendTo(origin)
  const cookie = await signIn(send, origin, demoOwner(password))
  const jwt = await jwtOf(send, cookie)
  const makeKey = async (body: object): Promise<{ id: string; key: string }> => {
    const headers = { authorization: `Bearer ${jwt}`, 'content-type': 'application/json' }
    const init = { method: 'POST', headers, body: JSON.stringify({ name: 'A key', ...body }) }
    const made = (await (await send('/api/api-keys', init)).json()) as { data: never }
    return made.data
  }
  const member = await db
    .prepare(
      `SELECT m.id, m.organization_id AS account FROM member m JOIN member o USING (organization_id)
       JOIN user u ON u.id = o.user_id WHERE u.email = ? AND m.role = 'member' LIMIT 1`,
    )
    .bind(demoOwner(password).email)
    .first<{ id: string; account: string }>()
  assert(member !== null)
  // Without full access, so that a path which no policy lists is refused.
  const [key, other] = [await makeKey({ scopes: ['contacts:read'] }), await makeKey({})]
  return { cookie, jwt, key, other, verifier: await makeKey({ scopes: ['keys:verify'] }), member }
}

type Route = RawRequest & { name: string }

const json = (body: unknown) => ({
  headers: { 'content-type': 'application/json', origin: workerd.origin },
  body: JSON.stringify(body),
})

/** Each with what it takes to succeed at its usual spelling. */
function routes(): Route[] {
  const { cookie, jwt, key, other, verifier, member } = world
  const asPerson = { authorization: `Bearer ${jwt}` }
  const signedIn = (body: unknown) => {
    const { headers, ...rest } = json(body)
    return { ...rest, headers: { ...headers, cookie } }
  }
  const role = { memberId: member.id, role: 'admin', organizationId: member.account }
  const to = (method: string, target: string, more: Partial<RawRequest> = {}): Route => ({
    ...{ name: `${method} ${target}`, method, target },
    ...more,
  })
  return [
    to('GET', '/api/api-keys', { headers: asPerson }),
    to('GET', `/api/api-keys/${key.id}`, { headers: asPerson }),
    to('GET', '/api/account/export', { headers: asPerson }),
    to('GET', '/api/auth/token', { headers: { cookie } }),
    to('GET', '/api/contacts', { headers: { 'x-api-key': key.key } }),
    to('GET', '/forward-auth/envoy/crm/api/contacts', { headers: { 'x-api-key': key.key } }),
    to('GET', '/api/v1/me', { headers: { 'x-api-key': key.key } }),
    to('GET', '/docs/errors'),
    to('POST', '/api/auth/sign-in/email', json({ email: demoOwner(password).email, password })),
    to('POST', '/api/v1/keys/verify', {
      headers: { 'x-api-key': verifier.key, 'content-type': 'application/json' },
      body: JSON.stringify({ token: key.key }),
    }),
    to('POST', '/api/auth/organization/update-member-role', signedIn(role)),
    to('DELETE', `/api/api-keys/${other.id}`, { headers: asPerson }),
    to('DELETE', '/api/v1/me', { headers: { 'x-api-key': key.key } }),
  ]
}

const tables = ['api_key', 'member', 'organization', 'user', 'session', 'audit_event', 'attempt']

async function stored(): Promise<string> {
  const rows = await workerd.db.batch(
    tables.map((table) => workerd.db.prepare(`SELECT * FROM ${table} ORDER BY 1, 2`)),
  )
  return JSON.stringify(rows.map(({ results }) => results))
}

describe('a path over a raw socket', { timeout }, () => {
  /** The outcomes of all routes in all spellings that `isRight` does not accept. */
  async function wrong(
    all: readonly Route[],
    spellings: typeof ambiguous,
    isRight: (answer: RawAnswer, target: string) => boolean,
  ): Promise<string[]> {
    const found: string[] = []
    for (const { name, ...route } of all) {
      for (const spelling of spellings) {
        const target = spelling.of(route.target)
        const answer = await sendRaw(workerd.port, { ...route, target })
        if (isRight(answer, target)) continue
        found.push(`${name} with ${spelling.name}: ${answer.status} ${answer.body.slice(0, 200)}`)
      }
    }
    return found
  }

  it('is refused in each ambiguous spelling of each sensitive route, and nothing is stored', async () => {
    const before = await stored()
    const isRefused = ({ status, body }: RawAnswer, target: string) =>
      status === (target.startsWith('/forward-auth/') ? 403 : 404) &&
      body.includes('can be read in more than one way')
    assert.deepEqual(await wrong(routes(), ambiguous, isRefused), [])
    assert.equal(await stored(), before)
  })

  it('is no success in any spelling of another path, and nothing is stored', async () => {
    const before = await stored()
    const isFailure = ({ status }: RawAnswer) => [400, 401, 403, 404, 405, 501].includes(status)
    assert.deepEqual(await wrong(routes(), others, isFailure), [])
    assert.equal(await stored(), before)
  })

  it('reaches its route in each spelling that means the same, and is a success', async () => {
    const encoded = {
      name: 'encoded letters',
      of: (path: string) =>
        path.replace(/[a-z](?=[^/]*$)/, (letter) => `%${letter.charCodeAt(0).toString(16)}`),
    }
    const usual = { name: 'nothing odd', of: (path: string) => path }
    const isSame = ({ status }: RawAnswer) => [200, 202].includes(status)
    const reading = routes().filter(({ method }) => method === 'GET')
    assert.deepEqual(await wrong(reading, [...same, encoded], isSame), [])
    // Each change waits for the leases of the key: once is enough to show that it would have been made.
    assert.deepEqual(await wrong(routes(), [usual], isSame), [])
  })
})
