// Text from callers: one parser for each kind of field, on every endpoint that accepts it, and
// selectors read as the fields that they select by.
import { env } from 'cloudflare:workers'
import { beforeAll, describe, expect, it } from 'vitest'
import { isAllowedAddress, readAddressOrBlock } from '../../src/core/address.ts'
import { importTagKeys } from '../../src/core/token.ts'
import { checkSecrets } from '../../src/worker/variables.ts'
import { type Account, makeKey, openAccount } from '../support/account.ts'
import { createForeignTestApp } from '../support/foreign.ts'
import { newAccount, outcome, send, signIn } from '../support/people-world.ts'
import { createTestApp, type TestApp } from '../support/test-app.ts'

let app: TestApp
let account: Account
beforeAll(async () => {
  app = await createForeignTestApp()
  account = await openAccount()
})

const request = (method: string, path: string, body?: unknown) =>
  app.request(method, path, { as: account.owner.jwt, ...(body !== undefined && { body }) })

type Failure = { code: string; errors?: { path: string; message: string }[] }
const fieldsOf = ({ status, body }: { status: number; body: Failure }) => [
  status,
  body.code,
  ...(body.errors ?? []).map(({ path }) => path),
]

const badNames = [
  ['blank', '   '],
  ['invisible', '\u200b\u200d'],
  ['a control character', 'a\u0007b'],
  ['a line break', 'a\nb'],
  ['a bidi control', 'a\u202eb'],
  ['a line separator', 'a\u2028b'],
  ['81 letters', 'n'.repeat(81)],
  ['30,000 letters', 'n'.repeat(30_000)],
] as const

describe('names', () => {
  it.each(badNames)('%s is refused for a key, an import and an endpoint', async (_, name) => {
    const { id } = await makeKey(app, account.owner.jwt)
    const made = await request('POST', '/api/api-keys', { name })
    expect(fieldsOf(made)).toEqual([400, 'invalid_request', 'name'])
    const changed = await request('PATCH', `/api/api-keys/${id}`, { name })
    expect(fieldsOf(changed)).toEqual([400, 'invalid_request', 'name'])
    const keys = [{ digest: 'ab'.repeat(32), name, format: 'unkey', scopes: [] }]
    const imported = await request('POST', '/api/api-keys/import', { keys })
    expect(imported.body.data[0].errors).toMatchObject([{ path: 'name' }])
    const endpoint = { url: 'https://example.com/', description: name }
    const created = await request('POST', '/api/webhook-endpoints', endpoint)
    expect(fieldsOf(created)).toEqual([400, 'invalid_request', 'description'])
  })

  it.each(badNames)(
    '%s is refused for people and accounts, at set-up and by Better Auth',
    async (_, name) => {
      const { people } = await newAccount('owner')
      const cookie = await signIn(people[0]?.email ?? '')
      const user = await send('/api/auth/update-user', { cookie, body: { name } })
      expect(fieldsOf({ status: user.status, body: await user.json() })).toEqual([
        400,
        'invalid_request',
        'name',
      ])
      const body = { data: { name } }
      const renamed = await send('/api/auth/organization/update', { cookie, body })
      expect(fieldsOf({ status: renamed.status, body: await renamed.json() })).toEqual([
        400,
        'invalid_request',
        'data.name',
      ])
      const person = { email: 'x@example.test', password: 'a long password', setup_token: 'x' }
      const setUp = await app.request('POST', '/api/setup', {
        body: { ...person, account: name, name },
      })
      expect(fieldsOf(setUp)).toEqual([400, 'invalid_request', 'account', 'name'])
      const accepted = await app.request('POST', `/api/invitations/${crypto.randomUUID()}/accept`, {
        body: { name, password: person.password },
      })
      expect(fieldsOf(accepted)).toEqual([400, 'invalid_request', 'name'])
    },
  )

  it('are stored in NFC and trimmed, by Better Auth as well', async () => {
    const made = await makeKey(app, account.owner.jwt, { name: ' Cafe\u0301 ' })
    expect(made).toMatchObject({ name: 'Caf\u00e9' })
    const { id, people } = await newAccount('owner')
    const cookie = await signIn(people[0]?.email ?? '')
    const name = '  Zoe\u0308 '
    expect((await send('/api/auth/update-user', { cookie, body: { name } })).status).toBe(200)
    const rename = { cookie, body: { data: { name }, organizationId: id.toUpperCase() } }
    expect((await send('/api/auth/organization/update', rename)).status).toBe(200)
    const stored = (table: string, of: string | undefined) =>
      env.DB.prepare(`SELECT name FROM ${table} WHERE id = ?`).bind(of).first('name')
    expect(await stored('user', people[0]?.userId)).toBe('Zo\u00eb')
    expect(await stored('organization', id)).toBe('Zo\u00eb')
  })

  it.each([
    ['update-user', { name: 'A', image: 'https://example.com/x.png' }, 'image'],
    ['update-user', { image: 'leaving 7b1f3c2e-5d4a-4c3b-9e2f-0123456789ab' }, 'image'],
    ['update-user', { name: 'A', emailVerified: true }, 'emailVerified'],
    ['organization/update', { data: { name: 'A', slug: 'a' } }, 'data.slug'],
    ['organization/update', { data: { name: 'A', logo: 'x' } }, 'data.logo'],
    ['organization/update', { data: { name: 'A', metadata: {} } }, 'data.metadata'],
    ['organization/set-active', { slug: 'x' }, 'slug'],
    ['sign-out', { state: 'x' }, 'state'],
  ])('%s refuses %j, naming the field', async (path, body, field) => {
    const { people } = await newAccount('owner')
    const cookie = await signIn(people[0]?.email ?? '')
    const answer = await send(`/api/auth/${path}`, { cookie, body })
    const read = (await answer.json()) as Failure
    expect([answer.status, read.code]).toEqual([400, 'invalid_request'])
    expect(read.errors?.map(({ path }) => path)).toContain(field)
  })

  it('authentication precedes the fields', async () => {
    const answer = await send('/api/auth/update-user', { body: { image: 'x' } })
    expect([answer.status, ((await answer.json()) as Failure).code]).toEqual([
      401,
      'missing_credential',
    ])
  })

  it('that broke the rule before stay until they are changed', async () => {
    const { id } = await makeKey(app, account.owner.jwt)
    await env.DB.prepare('UPDATE api_key SET name = ? WHERE id = ?').bind('a\u202eb', id).run()
    const changed = await request('PATCH', `/api/api-keys/${id}`, { metadata: { a: 1 } })
    expect([changed.status, changed.body.data.name]).toEqual([200, 'a\u202eb'])
  })
})

describe('times', () => {
  it.each([
    ['2099-12-31t23:59:59z', '2099-12-31T23:59:59.000Z'],
    ['2098-12-31T23:59:60Z', '2099-01-01T00:00:00.000Z'],
    ['2099-12-31T23:59:59.123456789+01:00', '2099-12-31T22:59:59.123Z'],
    ['9999-12-31T23:59:59Z', '9999-12-31T23:59:59.000Z'],
  ])('%s is read', async (given, stored) => {
    const made = await request('POST', '/api/api-keys', { name: 'A', expires_at: given })
    expect([made.status, made.body.data?.expires_at]).toEqual([201, stored])
  })

  it('a time that RFC 3339 cannot write in UTC is refused', async () => {
    const expires_at = '9999-12-31T23:59:59-01:00'
    const made = await request('POST', '/api/api-keys', { name: 'A', expires_at })
    expect(fieldsOf(made)).toEqual([400, 'invalid_request', 'expires_at'])
  })

  it('usage accepts the same times, and never responds with a year of five digits', async () => {
    const { id } = await makeKey(app, account.owner.jwt)
    const usage = `/api/api-keys/${id}/usage`
    expect((await request('GET', `${usage}?to=2099-01-01t00:00:00z`)).status).toBe(200)
    const last = await request('GET', `${usage}?to=9999-12-31T23:59:59.999Z`)
    expect(last.text).not.toContain('+0')
    const beyond = await request('GET', `${usage}?to=9999-12-31T23:59:59-01:00`)
    expect(fieldsOf(beyond)).toEqual([400, 'invalid_request', 'query.to'])
  })

  it('a time beyond the range, stored before, is answered as the last one', async () => {
    const { id } = await makeKey(app, account.owner.jwt)
    const year10000 = Date.UTC(10_000, 0)
    await env.DB.prepare('UPDATE api_key SET expires_at = ? WHERE id = ?').bind(year10000, id).run()
    const read = await request('GET', `/api/api-keys/${id}`)
    expect(read.body.data.expires_at).toBe('9999-12-31T23:59:59.999Z')
  })
})

describe('metadata and external ids', () => {
  const nested = (depth: number): object => (depth === 1 ? {} : { a: nested(depth - 1) })

  it.each([
    ['nested 9 deep', nested(9)],
    ['of more than 4 kB in UTF-8', { a: 'ü'.repeat(2_100) }],
  ])('metadata %s is refused on create, patch and import', async (_, metadata) => {
    const { id } = await makeKey(app, account.owner.jwt)
    const made = await request('POST', '/api/api-keys', { name: 'A', metadata })
    expect(fieldsOf(made)).toEqual([400, 'invalid_request', 'metadata'])
    const changed = await request('PATCH', `/api/api-keys/${id}`, { metadata })
    expect(fieldsOf(changed)).toEqual([400, 'invalid_request', 'metadata'])
    const keys = [{ digest: 'cd'.repeat(32), name: 'A', format: 'unkey', scopes: [], metadata }]
    const imported = await request('POST', '/api/api-keys/import', { keys })
    expect(imported.body.data[0].errors).toMatchObject([{ path: 'metadata' }])
  })

  it.each(['a\u0000b', 'a\nb', ' ', 'none', ' none ', 'x'.repeat(256)])(
    'the external id %j is refused where it is stored and where it selects',
    async (external_id) => {
      const made = await request('POST', '/api/api-keys', { name: 'A', external_id })
      expect(fieldsOf(made)).toEqual([400, 'invalid_request', 'external_id'])
      const revoked = await request('POST', '/api/api-keys/revoke', { external_id })
      expect(fieldsOf(revoked)).toEqual([400, 'invalid_request', 'external_id'])
    },
  )

  it('an external id selects as it is stored', async () => {
    await makeKey(app, account.owner.jwt, { external_id: ' customer 7 ' })
    const revoked = await request('POST', '/api/api-keys/revoke', { external_id: '  customer 7' })
    expect(revoked.body.data).toEqual({ revoked: 1, missing: [] })
  })
})

describe('selectors', () => {
  it('ids in upper case match', async () => {
    const { id } = await makeKey(app, account.owner.jwt)
    const read = await request('GET', `/api/api-keys/${id.toUpperCase()}`)
    expect([read.status, read.body.data?.id]).toEqual([200, id])
    const upper = account.owner.id.toUpperCase()
    const listed = await request('GET', `/api/api-keys?created_by=${upper}&limit=1`)
    expect(listed.body.data).toHaveLength(1)
    const events = await request('GET', `/api/audit-events?actor_id=${upper}&limit=1`)
    expect(events.body.data).toHaveLength(1)
  })

  it("ids in upper case match on Better Auth's endpoints", async () => {
    const { id, people } = await newAccount('owner', 'member')
    const cookie = await signIn(people[0]?.email ?? '')
    const post = (path: string, body: unknown) =>
      send(`/api/auth/organization/${path}`, { cookie, body })
    const organizationId = id.toUpperCase()
    const memberId = people[1]?.memberId.toUpperCase() ?? ''
    expect((await post('set-active', { organizationId })).status).toBe(200)
    const role = 'admin'
    expect((await post('update-member-role', { memberId, role, organizationId })).status).toBe(200)
    const invited = await post('invite-member', { email: 'new@example.test', role: 'member' })
    const { id: invitation } = await invited.json<{ id: string }>()
    const cancelled = { invitationId: invitation.toUpperCase() }
    expect((await post('cancel-invitation', cancelled)).status).toBe(200)
    const members = `/api/auth/organization/list-members?organizationId=${organizationId}`
    expect((await send(members, { cookie })).status).toBe(200)
    expect((await post('remove-member', { memberIdOrEmail: memberId })).status).toBe(200)
  })

  it('e-mail addresses match in any case and with white space around them', async () => {
    const { people } = await newAccount('owner')
    const address = people[0]?.email ?? ''
    const cookie = await signIn(`  ${address.toUpperCase()}\t`)
    const post = (path: string, body: unknown) =>
      send(`/api/auth/organization/${path}`, { cookie, body })
    const invite = (email: string) => post('invite-member', { email, role: 'member' })
    const invited = await invite(' New.Person@Example.test ')
    expect(await invited.json()).toMatchObject({ email: 'new.person@example.test' })
    for (const email of ['new person@example.test', ' ', '@']) {
      expect(await outcome(await invite(email))).toBe('400 invalid_request')
    }
    // The member is found, and as the last owner stays.
    const removed = post('remove-member', { memberIdOrEmail: ` ${address.toUpperCase()} ` })
    expect(await outcome(await removed)).toBe('409 conflict')
  })

  it('a bulk revocation lists the ids that are not keys of the account', async () => {
    const { id } = await makeKey(app, account.owner.jwt)
    const other = await openAccount()
    const { id: foreign } = await makeKey(app, other.owner.jwt)
    const unknown = crypto.randomUUID()
    const ids = [id.toUpperCase(), foreign, unknown]
    const revoked = await request('POST', '/api/api-keys/revoke', { ids })
    expect([revoked.status, revoked.body.data]).toEqual([
      200,
      { revoked: 1, missing: [foreign, unknown] },
    ])
    const again = await request('POST', '/api/api-keys/revoke', { ids: [id] })
    expect(again.body.data).toEqual({ revoked: 0, missing: [] })
  })

  it.each(['created_by', 'external_id'])(
    'a bulk revocation by %s that meets none says so',
    async (by) => {
      const value = by === 'created_by' ? crypto.randomUUID() : 'nobody'
      const revoked = await request('POST', '/api/api-keys/revoke', { [by]: value })
      expect(revoked.body.data).toEqual({ revoked: 0, missing: [value] })
    },
  )

  it('a key prefix finds its key with the prefix of the format and a closing ellipsis', async () => {
    const { id, key, key_prefix } = await makeKey(app, account.owner.jwt, { format: 'wacrm_live' })
    const found = async (search: string) => {
      const query = new URLSearchParams({ search })
      const listed = await request('GET', `/api/api-keys?${query}`)
      return listed.body.data.map((each: { id: string }) => each.id)
    }
    for (const search of [key_prefix, `${key_prefix}…`, `wacrm_live_${key_prefix}`]) {
      expect([search, await found(search)]).toEqual([search, [id]])
    }
    expect(await found(`wacrm_live_${key_prefix}…`)).toEqual([id])
    expect(await found(`whm_${key_prefix}…`)).toEqual([])
    expect(key).toContain(key_prefix)
  })
})

describe('addresses', () => {
  it.each([
    ['10.0.0.5/8', '10.0.0.0/8'],
    ['2001:db8::1/32', '2001:db8::/32'],
    ['::ffff:10.0.0.5/104', '10.0.0.0/8'],
  ])('%s is refused, and %s is perhaps meant', async (block, meant) => {
    const made = await request('POST', '/api/api-keys', { name: 'A', allowed_ips: [block] })
    expect(fieldsOf(made)).toEqual([400, 'invalid_request', 'allowed_ips.0'])
    expect(made.body.errors[0].message).toContain(meant)
  })

  it.each([
    ['::ffff:10.0.0.0/104', '10.0.0.0/8', '10.1.2.3'],
    ['::ffff:192.0.2.1', '192.0.2.1', '192.0.2.1'],
    ['::ffff:c000:201', '192.0.2.1', '::ffff:192.0.2.1'],
    ['2001:0DB8:0:0::/32', '2001:db8::/32', '2001:db8::7'],
    ['2001:DB8::1', '2001:db8::1', '2001:db8::1'],
    ['0.0.0.0/0', '0.0.0.0/0', '203.0.113.9'],
    ['::/0', '::/0', '2001:db8::1'],
  ])('%s is stored as %s, and holds %s', async (given, stored, client) => {
    const body = { name: 'A', allowed_ips: [given] }
    const made = await request('POST', '/api/api-keys', body)
    expect([made.status, made.body.data?.allowed_ips]).toEqual([201, [stored]])
    expect(isAllowedAddress(client, [stored])).toBe(true)
    expect(isAllowedAddress(client, [given])).toBe(true)
  })

  it('a zone is no part of an address that others can have', () => {
    expect(readAddressOrBlock('fe80::1%eth0')).toHaveProperty('error')
  })
})

describe('secrets', () => {
  it('read with white space around them, tags of older tokens stay genuine', async () => {
    const [newest = '', older = ''] = env.TAG_SECRETS.split(',')
    const spaced = ` ${newest} ,\n${older}\n`
    const same = await Promise.all([importTagKeys(env.TAG_SECRETS), importTagKeys(spaced)])
    const bytes = new Uint8Array(4)
    const [left, right] = await Promise.all(
      same.map(([, key]) => crypto.subtle.sign('HMAC', key as CryptoKey, bytes)),
    )
    expect(new Uint8Array(left as ArrayBuffer)).toEqual(new Uint8Array(right as ArrayBuffer))
    const { key } = await makeKey(app, account.owner.jwt)
    const rotated = await createTestApp({
      bindings: { TAG_SECRETS: ` new-one ,\t${newest}\n` as Env['TAG_SECRETS'] },
    })
    expect((await rotated.request('GET', '/api/v1/me', { key })).status).toBe(200)
  })

  it.each(['SETUP_TOKEN', 'presented'])('a line break after %s is dropped', async (where) => {
    const stored = where === 'SETUP_TOKEN' ? `${env.SETUP_TOKEN}\n` : env.SETUP_TOKEN
    const setup_token = where === 'SETUP_TOKEN' ? env.SETUP_TOKEN : ` ${env.SETUP_TOKEN}\n`
    const at = await createTestApp({ bindings: { SETUP_TOKEN: stored as Env['SETUP_TOKEN'] } })
    const person = { email: 'x@example.test', password: 'a long password', name: 'X', account: 'X' }
    const answer = await at.request('POST', '/api/setup', { body: { ...person, setup_token } })
    expect([201, 409]).toContain(answer.status)
    const fences = await at.request('GET', '/api/operations/fences', { as: env.SETUP_TOKEN })
    expect(fences.status).toBe(200)
  })

  const good = { TAG_SECRETS: 'tag', AUTH_SECRETS: 'auth', SETUP_TOKEN: 'setup' }
  it.each([
    ['TAG_SECRETS', ''],
    ['TAG_SECRETS', ' , '],
    ['TAG_SECRETS', 'hidden,'],
    ['TAG_SECRETS', undefined],
    ['AUTH_SECRETS', 'hidden,,older'],
    ['AUTH_SECRETS', 'hid\nden'],
    ['SETUP_TOKEN', ' \n'],
    ['SETUP_TOKEN', 'hid\u0000den'],
    ['GITHUB_TOKEN', 'hid\nden'],
  ])('%s that is %j stops the Worker with a sentence that does not show it', (name, value) => {
    const check = () => checkSecrets({ ...good, [name]: value } as unknown as Env)
    expect(check).toThrow(name)
    expect(check).not.toThrow(/hid/)
  })

  it('SETUP_TOKEN may be deleted between restores', async () => {
    const { SETUP_TOKEN: _, ...without } = good
    expect(() => checkSecrets(without as Env)).not.toThrow()
  })
})
