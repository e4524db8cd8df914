// Latchkey-Account at the endpoints of Better Auth: each acts in the account that the request names, for whoever is a
// member of it, so that two tabs with one cookie act each in the account they show.
import { env } from 'cloudflare:workers'
import { decodeJwt } from 'jose'
import { beforeEach, describe, expect, it } from 'vitest'
import {
  joins,
  newAccount,
  notified,
  outcome,
  password,
  send,
  signIn,
  type TestPerson,
} from '../support/people-world.ts'
import { fromOwnPage } from '../support/permission-matrix.ts'
import { writeSuspension } from '../support/suspension.ts'
import { createTestApp } from '../support/test-app.ts'

type Made = { id: string; people: TestPerson[] }

let home: Made
let other: Made
/** Owner at home, where the session is, and admin of the other account. */
let cookie: string
let both: TestPerson

const email = () => `${crypto.randomUUID()}@example.test`
const named = (id: string) => ({ 'latchkey-account': id })

const ask = (path: string, accountId: string, body?: object) =>
  send(`/api/auth${path}`, { cookie, body, headers: named(accountId) })
const organization = (path: string, accountId: string, body?: object) =>
  ask(`/organization${path}`, accountId, body)

// biome-ignore lint/suspicious/noExplicitAny: assertions check its type
const json = async (response: Response): Promise<any> => {
  expect(response.status).toBe(200)
  return response.json()
}

const rows = async (table: string, column: string, accountId: string) => {
  const { results } = await env.DB.prepare(
    `SELECT ${column} AS value FROM ${table} WHERE organization_id = ? ORDER BY 1`,
  )
    .bind(accountId)
    .all<{ value: string }>()
  return results.map(({ value }) => value)
}
const nameOf = (id: string) =>
  env.DB.prepare('SELECT name FROM organization WHERE id = ?').bind(id).first<string>('name')

/** What changes of an account show. */
const stateOf = async (id: string) => ({
  name: await nameOf(id),
  members: await rows('member', `user_id || ' ' || role`, id),
  invitations: await rows('invitation', `email || ' ' || status`, id),
})

beforeEach(async () => {
  home = await newAccount('owner', 'member')
  other = await newAccount('owner', 'member', 'member')
  both = home.people[0] as TestPerson
  await joins(both.userId, other.id, 'admin')
  cookie = await signIn(both.email)
})

describe('each endpoint acts in the named account', () => {
  it('the reading ones show it', async () => {
    for (const [account, role] of [
      [other, 'admin'],
      [home, 'owner'],
      [other, 'admin'],
    ] as const) {
      const { id } = account
      const ids = [...new Set([...account.people.map(({ userId }) => userId), both.userId])].sort()
      const { members, total } = await json(await organization('/list-members', id))
      expect(members.map(({ userId }: { userId: string }) => userId).sort()).toEqual(ids)
      expect(total).toBe(ids.length)
      const full = await json(await organization('/get-full-organization', id))
      expect([full.id, full.members.length]).toEqual([id, ids.length])
      const own = await json(await organization('/get-active-member', id))
      expect(own).toMatchObject({ organizationId: id, role, userId: both.userId })
      const active = await json(await organization('/get-active-member-role', id))
      expect(active).toEqual({ role })
      const { token } = await json(await ask('/token', id))
      expect(decodeJwt(token)).toMatchObject({ account: id, role, sub: both.userId })
      const permissions = { organization: ['delete'] }
      const may = await json(await organization('/has-permission', id, { permissions }))
      expect(may).toMatchObject({ success: role === 'owner' })
    }
  })

  it('the changing ones change it, and nothing else', async () => {
    const [invited, before] = [email(), await stateOf(home.id)]
    const made = await json(
      await organization('/invite-member', other.id, { email: invited, role: 'member' }),
    )
    expect(made).toMatchObject({ organizationId: other.id, email: invited })
    const list = await json(await organization('/list-invitations', other.id))
    expect(list.map((each: { email: string }) => each.email)).toEqual([invited])
    expect(await json(await organization('/list-invitations', home.id))).toEqual([])
    const { id: invitationId } = made
    await json(await organization('/cancel-invitation', other.id, { invitationId }))
    await json(await organization('/update', other.id, { data: { name: 'Renamed' } }))
    const [, promoted, removed] = other.people as [TestPerson, TestPerson, TestPerson]
    const role = { memberId: promoted.memberId, role: 'admin' }
    await json(await organization('/update-member-role', other.id, role))
    const member = { memberIdOrEmail: removed.memberId }
    await json(await organization('/remove-member', other.id, member))
    expect(await stateOf(home.id)).toEqual(before)
    expect(await stateOf(other.id)).toEqual({
      name: 'Renamed',
      members: [
        `${other.people[0]?.userId} owner`,
        `${promoted.userId} admin`,
        `${both.userId} admin`,
      ].sort(),
      invitations: [`${invited} canceled`],
    })
    const leaving = { organizationId: other.id }
    await json(await organization('/leave', other.id, leaving))
    expect((await stateOf(other.id)).members).not.toContain(`${both.userId} admin`)
    expect(await stateOf(home.id)).toEqual(before)
    expect(new Set(notified.slice(-5))).toEqual(new Set([other.id]))
  })

  it('a role of the session does not count there', async () => {
    const { userId } = both
    await env.DB.prepare(
      `UPDATE member SET role = 'member' WHERE user_id = ? AND organization_id = ?`,
    )
      .bind(userId, other.id)
      .run()
    const before = await stateOf(other.id)
    for (const [path, body] of changesOf(other)) {
      if (path === '/leave') continue
      expect([path, await outcome(await organization(path, other.id, body))]).toEqual([
        path,
        '403 forbidden',
      ])
    }
    expect(await stateOf(other.id)).toEqual(before)
  })

  it('a member of the session account is not found in the named one', async () => {
    const [, member] = home.people
    const before = await stateOf(home.id)
    const role = { memberId: member?.memberId, role: 'admin' }
    const remove = { memberIdOrEmail: member?.memberId }
    const byEmail = { memberIdOrEmail: member?.email }
    for (const [path, body] of [
      ['/update-member-role', role],
      ['/remove-member', remove],
      ['/remove-member', byEmail],
    ] as const) {
      expect([path, await outcome(await organization(path, other.id, body))]).toEqual([
        path,
        '404 not_found',
      ])
    }
    expect(await stateOf(home.id)).toEqual(before)
  })
})

/** Every change that an owner or admin of the account may make. */
function changesOf({ id, people }: Made): [path: string, body: object][] {
  return [
    ['/update', { data: { name: 'Changed' } }],
    ['/invite-member', { email: email(), role: 'member' }],
    ['/update-member-role', { memberId: people[1]?.memberId, role: 'admin' }],
    ['/remove-member', { memberIdOrEmail: people[1]?.memberId }],
    ['/leave', { organizationId: id }],
  ]
}

const reads = [
  '/organization/list-members',
  '/organization/get-full-organization',
  '/organization/get-active-member',
  '/organization/get-active-member-role',
  '/organization/list-invitations',
  '/token',
]

describe('an account of others', () => {
  it('is not found, like one that does not exist, and nothing changes', async () => {
    const theirs = await newAccount('owner', 'member')
    const before = await stateOf(theirs.id)
    const told = async (accountId: string, of: Made) => {
      const answers: Record<string, object> = {}
      const calls = [
        ...reads.map((path) => [path, undefined] as const),
        ...changesOf(of).map(([path, body]) => [`/organization${path}`, body] as const),
        ['/organization/set-active', { organizationId: accountId }] as const,
      ]
      for (const [path, body] of calls) {
        const response = await ask(path, accountId, body)
        expect([path, response.status]).toEqual([path, 404])
        const { request_id: _, ...rest } = await response.json<Record<string, unknown>>()
        answers[path] = rest
      }
      return answers
    }
    const unknown = crypto.randomUUID()
    const nowhere = { id: unknown, people: theirs.people }
    expect(await told(theirs.id, theirs)).toEqual(await told(unknown, nowhere))
    expect(await stateOf(theirs.id)).toEqual(before)
  })

  it('that the body or the query names too is 400 where it is not the named one', async () => {
    const before = await stateOf(other.id)
    const organizationId = other.id
    for (const [path, body] of [
      [`/list-members?organizationId=${organizationId}`, undefined],
      [`/get-full-organization?organizationId=${organizationId}`, undefined],
      [`/list-invitations?organizationId=${organizationId}`, undefined],
      ['/update', { data: { name: 'X' }, organizationId }],
      ['/invite-member', { email: email(), role: 'member', organizationId }],
      ['/remove-member', { memberIdOrEmail: other.people[1]?.memberId, organizationId }],
      ['/leave', { organizationId }],
    ] as const) {
      const response = await organization(path, home.id, body)
      expect([path, response.status]).toEqual([path, 400])
      const { errors } = await response.json<{ errors: { path: string }[] }>()
      expect(errors.map((each) => each.path)).toEqual(['organizationId'])
    }
    expect(await stateOf(other.id)).toEqual(before)
  })
})

describe('a suspended account', () => {
  it('is read by its people, who change nothing of it', async () => {
    await writeSuspension(other.id, Date.now())
    const invitation = await inviteBySql(other, email())
    const before = await stateOf(other.id)
    for (const path of reads) {
      expect([path, (await ask(path, other.id)).status]).toEqual([path, 200])
    }
    const changes = [
      ...changesOf(other),
      ['/cancel-invitation', { invitationId: invitation }] as const,
    ]
    for (const [path, body] of changes) {
      expect([path, await outcome(await organization(path, other.id, body))]).toEqual([
        path,
        '403 forbidden',
      ])
    }
    expect(await stateOf(other.id)).toEqual(before)
    // Neither does it stop its people elsewhere.
    const renamed = await organization('/update', home.id, { data: { name: 'Still at work' } })
    expect(renamed.status).toBe(200)
  })

  it('takes nobody in, by neither way of accepting', async () => {
    await writeSuspension(other.id, Date.now())
    const [, invited] = home.people as [TestPerson, TestPerson]
    const known = await inviteBySql(other, invited.email)
    const fresh = await inviteBySql(other, email())
    const before = await stateOf(other.id)
    const accepting = await send('/api/auth/organization/accept-invitation', {
      cookie: await signIn(invited.email),
      body: { invitationId: known },
    })
    expect(await outcome(accepting)).toBe('403 forbidden')
    const joining = await send(`/api/invitations/${fresh}/accept`, {
      body: { name: 'New', password },
    })
    expect(await outcome(joining)).toBe('403 forbidden')
    expect(await stateOf(other.id)).toEqual(before)
    await writeSuspension(other.id, null)
    const again = await send('/api/auth/organization/accept-invitation', {
      cookie: await signIn(invited.email),
      body: { invitationId: known },
    })
    expect(again.status).toBe(200)
  })
})

async function inviteBySql({ id: accountId, people }: Made, to: string): Promise<string> {
  const id = crypto.randomUUID()
  await env.DB.prepare(
    `INSERT INTO invitation (id, organization_id, email, role, status, inviter_id, expires_at, created_at)
     VALUES (?, ?, ?, 'member', 'pending', ?, ?, ?)`,
  )
    .bind(id, accountId, to, people[0]?.userId ?? '', Date.now() + 86_400_000, Date.now())
    .run()
  return id
}

describe('two tabs with one cookie', () => {
  it('act each in its own account, in any order and at once', async () => {
    const invited: Record<string, string[]> = { [home.id]: [], [other.id]: [] }
    const turns = [home, other, other, home, other, home]
    const invite = async ({ id }: Made) => {
      const to = email()
      invited[id]?.push(`${to} pending`)
      const made = await organization('/invite-member', id, { email: to, role: 'member' })
      expect((await json(made)).organizationId).toBe(id)
    }
    for (const account of turns) await invite(account)
    await Promise.all(turns.map(invite))
    for (const { id } of [home, other]) {
      expect((await stateOf(id)).invitations).toEqual(invited[id]?.sort())
    }
  })

  it('keep to it while a third switches the account of the session', async () => {
    const switched = await send('/api/auth/organization/set-active', {
      cookie,
      body: { organizationId: other.id },
    })
    expect(switched.status).toBe(200)
    await json(await organization('/update', home.id, { data: { name: 'Home' } }))
    const { token } = await json(await ask('/token', home.id))
    expect(decodeJwt(token).account).toBe(home.id)
    expect([await nameOf(home.id), await nameOf(other.id)]).toEqual(['Home', `Account ${other.id}`])
    // The header is of the request alone: the session stays where it was switched to.
    const unnamed = await send('/api/auth/token', { cookie })
    expect(decodeJwt((await json(unnamed)).token).account).toBe(other.id)
  })
})

it('of a session in no account, a request names one, else 403 says so', async () => {
  await env.DB.prepare('UPDATE session SET active_organization_id = NULL WHERE user_id = ?')
    .bind(both.userId)
    .run()
  const invitation = { email: email(), role: 'member' }
  const app = await createTestApp()
  const headers = { ...fromOwnPage, cookie }
  const calls: [string, object?][] = [
    ['/api/api-keys'],
    ['/api/account'],
    ['/api/members'],
    ['/api/auth/organization/get-active-member'],
    ['/api/auth/organization/get-active-member-role'],
    ['/api/auth/organization/list-members'],
    ['/api/auth/organization/list-invitations'],
    ['/api/auth/organization/has-permission', { permissions: { member: ['create'] } }],
    ['/api/auth/organization/invite-member', invitation],
    ['/api/auth/organization/remove-member', { memberIdOrEmail: both.memberId }],
    ['/api/auth/organization/update-member-role', { memberId: both.memberId, role: 'member' }],
  ]
  for (const [path, body] of calls) {
    const answer = await app.request(body ? 'POST' : 'GET', path, { headers, body })
    const { code, detail } = answer.body
    expect([path, answer.status, code, detail]).toEqual([
      ...[path, 403, 'forbidden'],
      'No account of yours is chosen: name one by `Latchkey-Account`.',
    ])
  }
  const chosen = { ...headers, ...named(home.id) }
  expect((await app.request('GET', '/api/api-keys', { headers: chosen })).status).toBe(200)
})
