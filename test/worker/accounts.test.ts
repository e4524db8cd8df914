// Many accounts: the platform makes, suspends and deletes them, and everybody else sees their own.
import { env } from 'cloudflare:workers'
import { beforeAll, describe, expect, it } from 'vitest'
import { type Account, makeKey, openAccount, outcome } from '../support/account.ts'
import { down } from '../support/outage.ts'
import { addPerson, createTestApp, jwtFor, type TestApp } from '../support/test-app.ts'

let app: TestApp
let platform: Account
let tenant: Account

const dayMs = 24 * 60 * 60 * 1000
const inDays = (days: number) => new Date(app.clock.now() + days * dayMs).toISOString()
const address = '192.0.2.7'

beforeAll(async () => {
  app = await createTestApp()
  platform = await openAccount('Platform')
  tenant = await openAccount('Tenant')
  await env.DB.prepare('INSERT INTO platform (id, account_id) VALUES (1, ?)')
    .bind(platform.id)
    .run()
})

type More = { body?: unknown; headers?: Record<string, string> }

function ask(method: string, path: string, as: string, more: More = {}) {
  const headers = { 'cf-connecting-ip': address, ...more.headers }
  return app.request(method, path, { as, ...more, headers })
}

const inAccount = (id: string) => ({ 'latchkey-account': id })

/** A key of the platform. */
async function platformKey(scope: string, more: object = {}) {
  const key = { name: 'Platform', scopes: [scope], allowed_ips: [address], expires_at: inDays(30) }
  return makeKey(app, platform.owner.jwt, { ...key, ...more })
}

async function newTenant(body: object = {}) {
  const made = await ask('POST', '/api/accounts', platform.owner.jwt, {
    body: { name: 'New', ...body },
  })
  expect(made.status, made.text).toBe(201)
  return made.body.data
}

async function eventsOf(id: string, as: string) {
  const { body } = await ask('GET', '/api/audit-events?limit=100', as, { headers: inAccount(id) })
  return body.data as { action: string; actor: object; detail: object; key_id: string | null }[]
}

describe('the platform', () => {
  it('makes accounts of any name, and lists, reads and changes them', async () => {
    const made = await newTenant({ name: 'Globex' })
    expect(made).toEqual({
      ...{ id: expect.any(String), name: 'Globex', status: 'active', is_platform: false },
      ...{ has_owner: false, created_at: expect.any(String), suspended_at: null, closes_at: null },
      quotas: { keys: 100_000, members: 1_000, endpoints: 20, changes_per_minute: 600 },
      counts: { keys: 0, members: 0, endpoints: 0 },
      invitation: null,
    })
    const again = await newTenant({ name: 'Globex' })
    expect(again.id).not.toBe(made.id)
    const { invitation: _, ...account } = again
    const one = await ask('GET', `/api/accounts/${again.id}`, platform.owner.jwt)
    expect(one.body.data).toEqual(account)
    const list = await ask('GET', '/api/accounts?search=GLOB&limit=1', platform.owner.jwt)
    expect(list.body.data).toEqual([account])
    const cursor = list.body.next_cursor
    const next = await ask(
      'GET',
      `/api/accounts?search=GLOB&limit=1&cursor=${cursor}`,
      platform.owner.jwt,
    )
    expect(next.body.data.map(({ id }: { id: string }) => id)).toEqual([made.id])
    const quotas = { keys: 5, changes_per_minute: 10 }
    const body = { name: 'Globex Corporation', quotas }
    const changed = await ask('PATCH', `/api/accounts/${made.id}`, platform.owner.jwt, { body })
    expect(changed.body.data).toMatchObject({
      name: 'Globex Corporation',
      quotas: { keys: 5, members: 1_000, endpoints: 20, changes_per_minute: 10 },
    })
    const back = { quotas: { keys: null } }
    const reset = await ask('PATCH', `/api/accounts/${made.id}`, platform.owner.jwt, { body: back })
    expect(reset.body.data.quotas).toMatchObject({ keys: 100_000, changes_per_minute: 10 })
  })

  it('finds a name in the normal form of names, however its search is composed', async () => {
    const { id } = await newTenant({ name: 'Cafe\u0301 Zoe\u0308' })
    for (const form of ['NFC', 'NFD']) {
      const search = encodeURIComponent('Café Zoë'.normalize(form))
      const list = await ask('GET', `/api/accounts?search=${search}`, platform.owner.jwt)
      expect(list.body.data.map((one: { id: string }) => one.id)).toEqual([id])
    }
  })

  it('answers 202 with the regions that do not know a new name, and settles a repeated rename', async () => {
    const made = await newTenant({ name: 'Before' })
    const owner = await addPerson(made.id, 'owner')
    const { key } = await makeKey(app, owner.jwt, { scopes: [] })
    const nameOf = async () =>
      (await app.request('GET', '/api/v1/me', { key })).body.data.account.name
    expect(await nameOf()).toBe('Before')
    const path = `/api/accounts/${made.id}`
    const rename = (at: TestApp, headers = {}) =>
      at.request('PATCH', path, { as: platform.owner.jwt, body: { name: 'After' }, headers })
    const cut = await createTestApp({ clock: app.clock, bindings: down(['FENCE']) })
    const pending = await rename(cut)
    expect([pending.status, pending.body.data.name]).toEqual([202, 'After'])
    expect(pending.body.data.pending_regions.length).toBeGreaterThan(0)
    // The name is stored, and still pending.
    expect((await rename(cut)).status).toBe(202)
    const done = await rename(app)
    expect([done.status, done.body.data.pending_regions]).toEqual([200, undefined])
    expect(await nameOf()).toBe('After')
    const async = await rename(app, { prefer: 'respond-async' })
    expect([async.status, typeof async.body.data.effective_at]).toEqual([202, 'string'])
    // No key carries a quota.
    const quotas = { as: platform.owner.jwt, body: { quotas: { keys: 5 } } }
    expect((await cut.request('PATCH', path, quotas)).status).toBe(200)
  })

  it('makes an account once for an Idempotency-Key', async () => {
    const headers = { 'idempotency-key': 'sign-up-42' }
    const body = { name: 'Once', owner_email: 'Once@customer.test' }
    const [first, second] = [
      await ask('POST', '/api/accounts', platform.owner.jwt, { body, headers }),
      await ask('POST', '/api/accounts', platform.owner.jwt, { body, headers }),
    ]
    expect([first?.status, second?.body]).toEqual([201, first?.body])
    expect(first?.body.data.invitation).toMatchObject({ email: 'once@customer.test' })
  })

  it('shows to a repeated request the invitation that it made, and no later one', async () => {
    const headers = { 'idempotency-key': 'sign-up-43' }
    const body = { name: 'Later', owner_email: 'first-owner@customer.test' }
    const made = await ask('POST', '/api/accounts', platform.owner.jwt, { body, headers })
    const { id, invitation } = made.body.data
    const accept = { name: 'Owner', password: 'correct horse battery' }
    await app.request('POST', `/api/invitations/${invitation.id}/accept`, { body: accept })
    await env.DB.prepare(
      `INSERT INTO invitation (id, organization_id, email, role, status, inviter_id, expires_at, created_at)
       SELECT ?1, ?2, 'co-owner@customer.test', 'owner', 'pending', user_id, ?3, 2 FROM member WHERE organization_id = ?2`,
    )
      .bind(crypto.randomUUID(), id, app.clock.now() + dayMs)
      .run()
    const again = await ask('POST', '/api/accounts', platform.owner.jwt, { body, headers })
    expect([again.status, again.body.data.invitation]).toEqual([201, null])
  })

  it('has no quotas, and is neither suspended nor deleted', async () => {
    const own = await ask('GET', '/api/account', platform.owner.jwt)
    expect(own.body.data).toMatchObject({ is_platform: true, quotas: null })
    for (const [method, path] of [
      ['POST', `/api/accounts/${platform.id}/suspend`],
      ['DELETE', `/api/accounts/${platform.id}`],
    ] as const) {
      expect(await outcome(ask(method, path, platform.owner.jwt))).toBe('409 conflict')
    }
    const deletion = { body: { name: platform.name } }
    const own2 = ask('POST', '/api/account/deletion', platform.owner.jwt, deletion)
    expect(await outcome(own2)).toBe('409 conflict')
    const limited = ask('PATCH', `/api/accounts/${platform.id}`, platform.owner.jwt, {
      body: { quotas: { keys: 1 } },
    })
    expect(await outcome(limited)).toBe('409 conflict')
  })

  it('is its owners after step-up: nobody else, and no tenant, whatever they name', async () => {
    const stale = await jwtFor(platform.owner.id, platform.id, Date.now() - 3_600_000)
    const body = { name: 'X' }
    expect(await outcome(ask('POST', '/api/accounts', stale, { body }))).toBe(
      '403 step_up_required',
    )
    expect(await outcome(ask('GET', '/api/accounts', stale))).toBe('200')
    for (const as of [platform.admin.jwt, platform.member.jwt, tenant.owner.jwt]) {
      for (const path of [
        '/api/accounts',
        `/api/accounts/${tenant.id}`,
        `/api/accounts/${crypto.randomUUID()}`,
      ]) {
        expect(await outcome(ask('GET', path, as))).toBe('403 forbidden')
      }
      expect(await outcome(ask('POST', '/api/accounts', as, { body }))).toBe('403 forbidden')
    }
    const named = { headers: inAccount(platform.id) }
    expect(await outcome(ask('GET', '/api/accounts', tenant.owner.jwt, named))).toBe(
      '404 not_found',
    )
    expect(await outcome(ask('GET', '/api/status', tenant.owner.jwt))).toBe('403 forbidden')
    expect(await outcome(ask('GET', '/api/status', platform.admin.jwt))).toBe('200')
    const unknown = `/api/accounts/${crypto.randomUUID()}`
    expect(await outcome(ask('GET', unknown, platform.owner.jwt))).toBe('404 not_found')
  })

  it('invites an owner, also again while there is none', async () => {
    const made = await newTenant({ owner_email: 'first@customer.test' })
    expect(made.invitation.url).toBe(`${env.BASE_URL}/invitations/${made.invitation.id}`)
    const path = `/api/accounts/${made.id}/owner-invitation`
    const body = { owner_email: 'second@customer.test' }
    const second = await ask('POST', path, platform.owner.jwt, { body })
    expect(second.status, second.text).toBe(201)
    const join = (id: string) =>
      app.request('POST', `/api/invitations/${id}/accept`, {
        body: { name: 'Owner', password: 'correct horse battery' },
      })
    expect((await join(made.invitation.id)).status).not.toBe(200)
    const joined = await join(second.body.data.id)
    expect(joined.status, joined.text).toBeLessThan(300)
    expect(await outcome(ask('POST', path, platform.owner.jwt, { body }))).toBe('409 conflict')
    const { data } = (await ask('GET', `/api/accounts/${made.id}`, platform.owner.jwt)).body
    expect(data).toMatchObject({ has_owner: true, counts: { members: 1 } })
  })
})

describe('suspension', () => {
  it('stops every key at once; people read, and change nothing, until it is resumed', async () => {
    const { key } = await makeKey(app, tenant.owner.jwt, { scopes: [] })
    const me = () => outcome(app.request('GET', '/api/v1/me', { key }))
    expect(await me()).toBe('200')
    const suspended = await ask('POST', `/api/accounts/${tenant.id}/suspend`, platform.owner.jwt)
    expect(suspended.body.data).toMatchObject({ status: 'suspended', id: tenant.id })
    expect(await me()).toBe('401 account_suspended')
    expect(await outcome(ask('GET', '/api/api-keys', tenant.owner.jwt))).toBe('200')
    const body = { name: 'More' }
    expect(await outcome(ask('POST', '/api/api-keys', tenant.owner.jwt, { body }))).toBe(
      '403 forbidden',
    )
    expect(await outcome(ask('GET', '/api/contacts', tenant.owner.jwt))).toBe('403 forbidden')
    expect(
      (await ask('GET', '/api/account', tenant.owner.jwt)).body.data.suspended_at,
    ).not.toBeNull()
    const listed = await ask('GET', '/api/accounts?status=suspended', platform.owner.jwt)
    expect(listed.body.data.map(({ id }: { id: string }) => id)).toEqual([tenant.id])
    expect(
      await outcome(ask('POST', `/api/accounts/${tenant.id}/resume`, platform.owner.jwt)),
    ).toBe('200')
    expect(await me()).toBe('200')
    expect(await outcome(ask('POST', '/api/api-keys', tenant.owner.jwt, { body }))).toBe('201')
  })

  it('comes with the deletion by the platform, which only the platform takes back', async () => {
    const made = await newTenant()
    const owner = await addPerson(made.id, 'owner')
    const { key } = await makeKey(app, owner.jwt, { scopes: [] })
    const me = () => outcome(app.request('GET', '/api/v1/me', { key }))
    const gone = await ask('DELETE', `/api/accounts/${made.id}`, platform.owner.jwt)
    expect(gone.body.data).toMatchObject({ status: 'closing', closes_at: expect.any(String) })
    expect(await me()).toBe('401 disabled_api_key')
    const keep = ask('DELETE', '/api/account/deletion', owner.jwt)
    expect(await outcome(keep)).toBe('403 forbidden')
    await ask('POST', `/api/accounts/${made.id}/resume`, platform.owner.jwt)
    expect(await me()).toBe('200')
  })

  it('leaves a deletion that the owner scheduled before the platform deletes the account', async () => {
    const made = await newTenant({ name: 'Leaving too' })
    const owner = await addPerson(made.id, 'owner')
    const body = { name: 'Leaving too' }
    const closing = await ask('POST', '/api/account/deletion', owner.jwt, { body })
    const { closes_at } = closing.body.data
    const gone = await ask('DELETE', `/api/accounts/${made.id}`, platform.owner.jwt)
    expect(gone.body.data).toMatchObject({ status: 'closing', closes_at })
    await ask('DELETE', `/api/accounts/${made.id}`, platform.owner.jwt)
    const resumed = await ask('POST', `/api/accounts/${made.id}/resume`, platform.owner.jwt)
    expect(resumed.body.data).toMatchObject({ suspended_at: null, closes_at })
    const events = await eventsOf(made.id, owner.jwt)
    const asked = events.filter(({ action }) => action === 'account.deletion_requested')
    expect(asked.map(({ actor }) => (actor as { kind: string }).kind)).toEqual([
      ...['platform', 'person'],
    ])
  })

  it('leaves a deletion that the owner of the account scheduled', async () => {
    const made = await newTenant({ name: 'Leaving' })
    const owner = await addPerson(made.id, 'owner')
    const closing = await ask('POST', '/api/account/deletion', owner.jwt, {
      body: { name: 'Leaving' },
    })
    expect(closing.status, closing.text).toBe(200)
    await ask('POST', `/api/accounts/${made.id}/suspend`, platform.owner.jwt)
    const resumed = await ask('POST', `/api/accounts/${made.id}/resume`, platform.owner.jwt)
    expect(resumed.body.data).toMatchObject({ suspended_at: null, status: 'closing' })
  })
})

describe('a key with platform:manage', () => {
  it('needs addresses and an end within 90 days, and is of the platform alone', async () => {
    const scopes = ['platform:manage']
    const create = (as: string, more: object) =>
      outcome(ask('POST', '/api/api-keys', as, { body: { name: 'P', scopes, ...more } }))
    const whole = { allowed_ips: [address], expires_at: inDays(90) }
    expect(await create(platform.owner.jwt, { expires_at: inDays(1) })).toBe('400 invalid_request')
    expect(await create(platform.owner.jwt, { allowed_ips: [address] })).toBe('400 invalid_request')
    expect(await create(platform.owner.jwt, { ...whole, expires_at: inDays(91) })).toBe(
      '400 invalid_request',
    )
    expect(await create(platform.admin.jwt, whole)).toBe('403 forbidden')
    expect(await create(tenant.owner.jwt, whole)).toBe('403 forbidden')
    expect(await create(platform.owner.jwt, whole)).toBe('201')
    const { id } = await platformKey('platform:manage')
    for (const body of [{ allowed_ips: null }, { expires_at: null }, { expires_at: inDays(100) }]) {
      const changed = ask('PATCH', `/api/api-keys/${id}`, platform.owner.jwt, { body })
      expect([body, await outcome(changed)]).toEqual([body, '400 invalid_request'])
    }
    const listed = async (as: string) => (await ask('GET', '/api/scopes', as)).text
    expect(await listed(platform.owner.jwt)).toContain('platform:manage')
    expect(await listed(tenant.owner.jwt)).not.toContain('platform:')
  })

  it('names one account, and manages its keys within its may_grant', async () => {
    const { key, id } = await platformKey('platform:manage', {
      may_grant: { scopes: ['contacts:read'] },
    })
    for (const given of [{}, inAccount(`${tenant.id}, ${platform.id}`)]) {
      const unnamed = await ask('GET', '/api/api-keys', key, { headers: given })
      const read = [unnamed.status, unnamed.body.errors[0].path]
      expect(read).toEqual([400, 'header.latchkey-account'])
    }
    const headers = inAccount(tenant.id)
    const create = (scopes: string[]) =>
      ask('POST', '/api/api-keys', key, { headers, body: { name: 'By the platform', scopes } })
    expect((await create(['contacts:write'])).status).toBe(403)
    const made = await create(['contacts:read'])
    expect(made.status, made.text).toBe(201)
    expect(made.body.data).toMatchObject({ created_by: null, made_by: id })
    const me = await app.request('GET', '/api/v1/me', { key: made.body.data.key })
    expect(me.body.data.account).toEqual({ id: tenant.id, name: tenant.name })
    const own = await ask('GET', `/api/api-keys/${made.body.data.id}`, tenant.owner.jwt)
    expect(own.body.data).toMatchObject({ created_by: null, made_by: id })
    const other = ask('GET', `/api/api-keys/${made.body.data.id}`, key, {
      headers: inAccount(platform.id),
    })
    expect(await outcome(other)).toBe('404 not_found')
    const nowhere = ask('GET', '/api/api-keys', key, { headers: inAccount(crypto.randomUUID()) })
    expect(await outcome(nowhere)).toBe('404 not_found')
  })

  it('reads of an account what concerns keys, and nobody’s name or address', async () => {
    const { key, id } = await platformKey('platform:manage', { may_grant: {} })
    const body = { name: 'Private', owner_email: 'secret@customer.test' }
    const made = (await ask('POST', '/api/accounts', key, { body })).body.data
    await ask('PATCH', `/api/accounts/${made.id}`, platform.owner.jwt, { body: { name: 'Own' } })
    const [owner, reader] = [await addPerson(made.id, 'owner'), await addPerson(made.id, 'member')]
    await env.DB.prepare("UPDATE user SET name = 'Ada Private' WHERE id = ?").bind(owner.id).run()
    const own = await makeKey(app, owner.jwt, { name: 'Made', scopes: ['contacts:read'] })
    const headers = inAccount(made.id)
    const list = (query = '') => ask('GET', `/api/audit-events?limit=2${query}`, key, { headers })
    const first = await list()
    const rest = await list(`&cursor=${first.body.next_cursor}`)
    const events = [...first.body.data, ...rest.body.data]
    expect(events.map(({ action }) => action).sort()).toEqual([
      ...['account.created', 'invitation.created', 'key.created'],
    ])
    const keyOrOwn = (event: { key_id: string | null; actor: { id: string } }) =>
      event.key_id === own.id || event.actor.id === id
    expect(events.every(keyOrOwn)).toBe(true)
    for (const query of ['', `&actor_id=${owner.id}`, `&key_id=${own.id}`, '&action=key.created']) {
      const { status, text } = await list(query)
      expect(status).toBe(200)
      expect(text).not.toMatch(/Ada|@customer/)
    }
    expect((await list('&action=account.renamed')).body.data).toEqual([])
    expect((await list(`&actor_id=${owner.id}`)).body.data).toMatchObject([
      { action: 'key.created', actor: { id: owner.id, name: null }, key_name: 'Made' },
    ])
    for (const path of ['/api/api-keys', `/api/api-keys/${own.id}`]) {
      const answer = await ask('GET', path, key, { headers })
      expect(answer.text).toContain('"Made"')
      expect(answer.text).not.toContain('Ada')
    }
    const seen = await ask('GET', '/api/audit-events', reader.jwt)
    expect(seen.text).toMatch(/Ada Private/)
    expect(seen.text).toMatch(/secret@customer/)
  })

  it('makes accounts, and touches neither people, webhooks, exports nor reserved scopes', async () => {
    const { key } = await platformKey('platform:manage', { may_grant: {} })
    const body = { name: 'By key', owner_email: 'by-key@customer.test' }
    const made = await ask('POST', '/api/accounts', key, { body })
    expect([made.status, made.body.data?.invitation?.email], made.text).toEqual([
      201,
      'by-key@customer.test',
    ])
    const { id } = made.body.data
    for (const [method, path] of [
      ['POST', `/api/accounts/${id}/suspend`],
      ['POST', `/api/accounts/${id}/resume`],
      ['DELETE', `/api/accounts/${id}`],
    ] as const) {
      expect([path, await outcome(ask(method, path, key))]).toEqual([path, '403 forbidden'])
    }
    const headers = inAccount(id)
    for (const [method, path, sent] of [
      ['GET', '/api/webhook-endpoints', undefined],
      ['POST', '/api/webhook-endpoints', { url: 'https://example.test/' }],
      ['GET', '/api/account/export', undefined],
      ['POST', '/api/account/deletion', { name: 'By key' }],
      ['POST', '/api/api-keys', { name: 'R', scopes: ['keys:manage'] }],
    ] as const) {
      const answer = ask(method, path, key, { headers, ...(sent && { body: sent }) })
      expect([path, await outcome(answer)]).toEqual([path, '403 forbidden'])
    }
    const paths = [
      '/api/auth/organization/list-members',
      '/api/auth/organization/get-full-organization',
    ]
    for (const path of paths) expect((await ask('GET', path, key, { headers })).status).toBe(401)
  })
})

describe('a key with platform:verify', () => {
  it('verifies keys of the account that it names, or of all, and names one', async () => {
    const { key } = await platformKey('platform:verify')
    const theirs = await makeKey(app, tenant.owner.jwt, { scopes: [] })
    const own = await makeKey(app, platform.owner.jwt, { scopes: [] })
    const codes = async (as: string, token: string, accounts: (string | undefined)[]) => {
      const seen = []
      for (const account_id of accounts) {
        const body = { token, ...(account_id && { account_id }) }
        const answer = await ask('POST', '/api/v1/keys/verify', as, { body })
        seen.push(answer.body.data?.code ?? `${answer.status} ${answer.body.code}`)
      }
      return seen
    }
    const accounts = [
      tenant.id,
      tenant.id.toUpperCase(),
      '*',
      platform.id,
      crypto.randomUUID(),
      undefined,
    ]
    const [valid, invalid] = ['valid', 'invalid_api_key']
    const unnamed = '400 invalid_request'
    expect(await codes(key, theirs.key, accounts)).toEqual([
      valid,
      valid,
      valid,
      invalid,
      invalid,
      unnamed,
    ])
    expect(await codes(key, own.key, accounts)).toEqual([
      invalid,
      invalid,
      valid,
      valid,
      invalid,
      unnamed,
    ])
    expect(await codes(key, own.key, ['x'])).toEqual([unnamed])
    const named = await ask('POST', '/api/v1/keys/verify', key, {
      body: { token: theirs.key, account_id: '*' },
    })
    expect(named.body.data).toMatchObject({
      key: { id: theirs.id },
      account: { id: tenant.id, name: tenant.name },
    })
    const keys = [
      { token: theirs.key, account_id: tenant.id },
      { token: own.key, account_id: tenant.id },
      { token: own.key, account_id: '*' },
    ]
    const many = await ask('POST', '/api/v1/keys/verify-batch', key, { body: { keys } })
    expect(many.body.data.map(({ code }: { code: string }) => code)).toEqual([
      valid,
      invalid,
      valid,
    ])
    const lacking = await ask('POST', '/api/v1/keys/verify-batch', key, {
      body: { keys: [...keys, { token: own.key }] },
    })
    expect([lacking.status, lacking.body.errors[0].path]).toEqual([400, 'keys.3.account_id'])
    const introspected = app.request('POST', '/api/v1/introspect', {
      headers: {
        authorization: `Bearer ${key}`,
        'content-type': 'application/x-www-form-urlencoded',
        'cf-connecting-ip': address,
      },
      body: `token=${theirs.key}`,
    })
    expect((await introspected).status).toBe(403)
  })

  it('is what another account needs: keys:verify knows its own', async () => {
    const { key } = await makeKey(app, tenant.owner.jwt, { scopes: ['keys:verify'] })
    const own = await makeKey(app, tenant.owner.jwt, { scopes: [] })
    const codeFor = async (account_id?: string) => {
      const body = { token: own.key, ...(account_id && { account_id }) }
      const answer = await ask('POST', '/api/v1/keys/verify', key, { body })
      return answer.body.data?.code ?? `${answer.status} ${answer.body.code}`
    }
    expect(await codeFor()).toBe('valid')
    expect(await codeFor(tenant.id)).toBe('valid')
    expect(await codeFor(platform.id)).toBe('403 insufficient_scope')
    expect(await codeFor('*')).toBe('403 insufficient_scope')
  })

  it('tells of a suspended account, whose keys it knows', async () => {
    const { key } = await platformKey('platform:verify')
    const made = await newTenant()
    const owner = await addPerson(made.id, 'owner')
    const theirs = await makeKey(app, owner.jwt, { scopes: [] })
    await ask('POST', `/api/accounts/${made.id}/suspend`, platform.owner.jwt)
    const body = { token: theirs.key, account_id: '*' }
    const answer = await ask('POST', '/api/v1/keys/verify', key, { body })
    expect(answer.body.data).toMatchObject({ code: 'account_suspended', account: { id: made.id } })
  })
})

describe('what the platform does', () => {
  it('stands in both trails, to the tenant without a name', async () => {
    const { key, id } = await platformKey('platform:manage', { may_grant: {} })
    const made = await newTenant({ name: 'Watched' })
    const owner = await addPerson(made.id, 'owner')
    const headers = inAccount(made.id)
    const body = { name: 'K', scopes: ['contacts:read'] }
    const created = await ask('POST', '/api/api-keys', key, { headers, body })
    const credited = { name: 'C', scopes: ['contacts:read'], credits: { remaining: 1 } }
    const withCredits = await ask('POST', '/api/api-keys', key, { headers, body: credited })
    const more = `/api/api-keys/${withCredits.body.data.id}/credits`
    const topUp = await ask('POST', more, key, { headers, body: { add: 5 } })
    expect(topUp.status, topUp.text).toBe(200)
    await ask('POST', `/api/accounts/${made.id}/suspend`, platform.owner.jwt)
    await ask('POST', `/api/accounts/${made.id}/resume`, platform.owner.jwt)
    await ask('PATCH', `/api/accounts/${made.id}`, platform.owner.jwt, {
      body: { name: 'Renamed' },
    })
    const theirs = await eventsOf(made.id, owner.jwt)
    const byPlatform = (actorId: string) => ({ kind: 'platform', id: actorId, name: null })
    const actions = [
      'account.created',
      'key.created',
      'account.suspended',
      'account.resumed',
      'account.renamed',
      'key.credits_added',
    ]
    const found = (events: typeof theirs, of: string[]) =>
      events
        .filter(({ action }) => of.includes(action))
        .map(({ action, actor }) => [action, actor] as const)
        // The times of triggers are real, those of the app the test's.
        .toSorted(([a], [b]) => (a < b ? -1 : 1))
    expect(found(theirs, actions)).toEqual([
      ['account.created', byPlatform(platform.owner.id)],
      ['account.renamed', byPlatform(platform.owner.id)],
      ['account.resumed', byPlatform(platform.owner.id)],
      ['account.suspended', byPlatform(platform.owner.id)],
      ['key.created', byPlatform(id)],
      ['key.created', byPlatform(id)],
      ['key.credits_added', byPlatform(id)],
    ])
    const ours = (await eventsOf(platform.id, platform.owner.jwt)).filter(
      ({ detail }) => (detail as { account_id?: string } | null)?.account_id === made.id,
    )
    const person = { kind: 'person', id: platform.owner.id, name: 'The owner' }
    expect(found(ours, actions)).toEqual([
      ['account.created', person],
      ['account.renamed', person],
      ['account.resumed', person],
      ['account.suspended', person],
      ['key.created', { kind: 'key', id, name: 'Platform' }],
      ['key.created', { kind: 'key', id, name: 'Platform' }],
      ['key.credits_added', { kind: 'key', id, name: 'Platform' }],
    ])
    const keyEvents = ours.filter(({ action }) => action === 'key.created')
    const detail = { account_id: made.id, key_id: created.body.data.id }
    expect(keyEvents.map((event) => event.detail)).toContainEqual(detail)
  })
})

describe('Latchkey-Account', () => {
  it('says in which of their accounts a person acts', async () => {
    const both = await addPerson(tenant.id, 'owner')
    const other = await openAccount('Other')
    await env.DB.prepare(
      `INSERT INTO member (id, organization_id, user_id, role, created_at) VALUES (?, ?, ?, 'member', 1)`,
    )
      .bind(crypto.randomUUID(), other.id, both.id)
      .run()
    const nameIn = async (headers: Record<string, string>) =>
      (await ask('GET', '/api/account', both.jwt, { headers })).body.data?.name
    expect(await nameIn({})).toBe('Tenant')
    expect(await nameIn(inAccount(other.id))).toBe('Other')
    expect(await nameIn(inAccount(other.id.toUpperCase()))).toBe('Other')
    const body = { name: 'A key' }
    const change = ask('POST', '/api/api-keys', both.jwt, { body, headers: inAccount(other.id) })
    expect(await outcome(change)).toBe('403 forbidden')
    for (const id of [platform.id, crypto.randomUUID(), 'acme', '']) {
      const answer = ask('GET', '/api/account', both.jwt, { headers: inAccount(id) })
      expect([id, await outcome(answer)]).toEqual([id, '404 not_found'])
    }
  })

  it('names the account of a key, or nothing', async () => {
    const { key } = await makeKey(app, tenant.owner.jwt, { scopes: ['keys:manage'], may_grant: {} })
    for (const path of ['/api/v1/me', '/api/api-keys']) {
      expect(await outcome(ask('GET', path, key, { headers: inAccount(tenant.id) }))).toBe('200')
      const other = ask('GET', path, key, { headers: inAccount(platform.id) })
      expect([path, await outcome(other)]).toEqual([path, '404 not_found'])
    }
  })
})
