// Invitations where there is mail: the link is mailed and not shown, its token joins once and proves the address; without
// mail, an invitation is a link that is passed on. Either is void when its inviter loses the power.
import { env } from 'cloudflare:workers'
import { beforeEach, describe, expect, it } from 'vitest'
import { mailTo } from '../support/mail.ts'
import {
  bindings,
  invite,
  newAccount,
  outcome,
  password,
  send,
  signIn,
} from '../support/people-world.ts'

/** With mail, whose messages stay in the outbox: none is sent while changes are stopped, which these routes do not ask. */
const mail = { ...bindings, DEV_MAIL: 'yes', CHANGES: 'stopped' } as unknown as Env
const newAddress = () => `${crypto.randomUUID()}@invited.test`
const asNew = { name: 'New', password }

let owner: { userId: string; memberId: string; email: string }
let accountId: string
let cookie: string
beforeEach(async () => {
  const account = await newAccount('owner', 'admin')
  accountId = account.id
  owner = account.people[0] as typeof owner
  cookie = await signIn(owner.email)
})

const inviting = (email: string, more: Record<string, unknown> = {}, headers = {}) =>
  send('/api/auth/organization/invite-member', {
    ...{ cookie, env: mail, headers },
    body: { email, role: 'member', ...more },
  })

/** By mail. @returns the id, and the token of the link */
async function invited(email: string, more: Record<string, unknown> = {}) {
  const response = await inviting(email, more)
  if (response.status !== 200) throw new Error(await response.text())
  const { id } = await response.json<{ id: string }>()
  return { id, token: (await mailTo(email))?.token ?? '' }
}

const join = (id: string, body: Record<string, unknown>) =>
  send(`/api/invitations/${id}/accept`, { body: { ...asNew, ...body }, env: mail })

const accept = (as: string, invitationId: string, token?: string) =>
  send('/api/auth/organization/accept-invitation', {
    ...{ cookie: as, env: mail },
    body: { invitationId, ...(token !== undefined && { token }) },
  })

const userOf = (email: string) =>
  env.DB.prepare('SELECT id, name, email_verified FROM user WHERE email = ?')
    .bind(email)
    .first<{ id: string; name: string; email_verified: number }>()

const statusOf = (id: string) =>
  env.DB.prepare('SELECT status FROM invitation WHERE id = ?').bind(id).first('status')

describe('with mail, an invitation', () => {
  it('is mailed, and its answer shows nothing that joins', async () => {
    const email = newAddress()
    const response = await inviting(email, { role: 'admin' })
    const text = await response.text()
    const shown = JSON.parse(text)
    expect(shown).toMatchObject({ email, role: 'admin', status: 'pending', mailed: true })
    expect(Object.keys(shown)).not.toContain('tokenDigest')
    const message = await mailTo(email)
    const names = { account: `Account ${accountId}`, inviter: 'Someone', role: 'admin' }
    expect(message).toMatchObject({ template: 'invitation', data: names })
    expect(message?.data.invitation_id).toBe(shown.id)
    expect(message?.token).toMatch(/^[\w-]{43}$/)
    expect(text).not.toContain(message?.token)
    for (const body of [{}, { token: '' }, { token: shown.id }, { token: 'x'.repeat(43) }]) {
      expect(await outcome(await join(shown.id, body))).toBe('403 forbidden')
    }
    expect(await userOf(email)).toBeNull()
    expect(await statusOf(shown.id)).toBe('pending')
  })

  it('says of itself that it was mailed, and is in the list without its token', async () => {
    const email = newAddress()
    const { id } = await invited(email)
    const read = await send(`/api/invitations/${id}`)
    expect((await read.json<{ data: object }>()).data).toMatchObject({ email, mailed: true })
    const listed = await send('/api/auth/organization/list-invitations', { cookie })
    const [row] = await listed.json<object[]>()
    expect(row).toMatchObject({ id, mailed: true })
    expect(JSON.stringify(row)).not.toMatch(/digest/i)
  })

  it('joins by the token of its link, once, and proves the address', async () => {
    const email = newAddress()
    const { id, token } = await invited(email)
    expect(await outcome(await join(id, { token }))).toBe('201')
    expect((await userOf(email))?.email_verified).toBe(1)
    expect(await outcome(await join(id, { token }))).toBe('409 conflict')
    await signIn(email)
  })

  it('is joined by one of two at once', async () => {
    const email = newAddress()
    const { id, token } = await invited(email)
    const both = await Promise.all([join(id, { token }), join(id, { token, name: 'Other' })])
    expect((await Promise.all(both.map(outcome))).sort()).toEqual(['201', '409 conflict'])
  })

  it('keeps its token digested and its message sealed', async () => {
    const email = newAddress()
    const { token } = await invited(email)
    for (const table of ['invitation', 'mail', 'audit_event']) {
      const { results } = await env.DB.prepare(`SELECT * FROM ${table}`).all()
      expect(JSON.stringify(results)).not.toContain(token)
    }
  })

  it('is sent anew with another token, and the earlier one joins nobody', async () => {
    const email = newAddress()
    const first = await invited(email)
    const again = await invited(email, { resend: true })
    expect(again.id).toBe(first.id)
    expect(again.token).not.toBe(first.token)
    expect(await outcome(await join(first.id, { token: first.token }))).toBe('403 forbidden')
    expect(await outcome(await join(first.id, { token: again.token }))).toBe('201')
    expect(await mailTo(email)).toBeNull()
  })

  it('is mailed once for one Idempotency-Key', async () => {
    const email = newAddress()
    const headers = { 'idempotency-key': crypto.randomUUID() }
    const answers = [await inviting(email, {}, headers), await inviting(email, {}, headers)]
    const [first, second] = await Promise.all(answers.map((each) => each.json<{ id: string }>()))
    expect(second).toEqual(first)
    const count = env.DB.prepare('SELECT count(*) AS n FROM mail WHERE to_address = ?').bind(email)
    expect(await count.first('n')).toBe(1)
  })

  it('is mailed to one address five times an hour', async () => {
    const email = newAddress()
    const outcomes: string[] = []
    for (let count = 0; count < 6; count++) {
      outcomes.push(await outcome(await inviting(email, { resend: true })))
    }
    expect(outcomes).toEqual([...Array(5).fill('200'), '429 rate_limited'])
    expect(await outcome(await inviting(newAddress()))).toBe('200')
  })

  it('takes its message back when it is cancelled before it was sent', async () => {
    const email = newAddress()
    const { id } = await invited(email)
    await send('/api/auth/organization/cancel-invitation', { cookie, body: { invitationId: id } })
    expect(await mailTo(email)).toBeNull()
  })
})

describe('with mail, a person who has a user', () => {
  async function existing(isProved: boolean) {
    const { people } = await newAccount('member')
    const [{ email, userId } = { email: '', userId: '' }] = people
    const prove = 'UPDATE user SET email_verified = ? WHERE id = ?'
    await env.DB.prepare(prove)
      .bind(isProved ? 1 : 0, userId)
      .run()
    return { email, userId }
  }

  it('accepts signed in where the address is proved', async () => {
    const { email } = await existing(true)
    const { id, token } = await invited(email)
    expect(await outcome(await join(id, { token }))).toBe('409 conflict')
    expect(await outcome(await accept(await signIn(email), id))).toBe('200')
    expect(await statusOf(id)).toBe('accepted')
  })

  it('needs the token where it is not, which proves it and keeps what they have', async () => {
    const { email } = await existing(false)
    const { id, token } = await invited(email)
    const theirs = await signIn(email)
    for (const wrong of [undefined, '', id, 'x'.repeat(43)]) {
      expect(await outcome(await accept(theirs, id, wrong))).toBe('403 forbidden')
    }
    expect((await userOf(email))?.email_verified).toBe(0)
    expect(await outcome(await accept(theirs, id, token))).toBe('200')
    expect((await userOf(email))?.email_verified).toBe(1)
    const session = await send('/api/auth/get-session', { cookie: theirs })
    expect(await session.json()).toMatchObject({ user: { email } })
  })

  it('cannot reject what may be of somebody else', async () => {
    const { email } = await existing(false)
    const { id } = await invited(email)
    const rejecting = await send('/api/auth/organization/reject-invitation', {
      ...{ cookie: await signIn(email), env: mail },
      body: { invitationId: id },
    })
    expect(await outcome(rejecting)).toBe('403 forbidden')
    expect(await statusOf(id)).toBe('pending')
  })

  it('learns nothing of the invitation of another address, with its token or without', async () => {
    const { email } = await existing(true)
    const { id, token } = await invited(newAddress())
    const theirs = await signIn(email)
    for (const presented of [undefined, token]) {
      expect(await outcome(await accept(theirs, id, presented))).toBe('404 not_found')
    }
  })
})

describe('without mail, an invitation', () => {
  it('is a link that is passed on: nothing is mailed, and the address stays unproved', async () => {
    const email = newAddress()
    const id = await invite(cookie, email)
    expect(await mailTo(email)).toBeNull()
    expect(await outcome(await join(id, {}))).toBe('201')
    expect((await userOf(email))?.email_verified).toBe(0)
  })

  it('becomes a link again when it is sent anew', async () => {
    const email = newAddress()
    const { id } = await invited(email)
    const again = await send('/api/auth/organization/invite-member', {
      ...{ cookie, body: { email, role: 'member', resend: true } },
    })
    expect(await again.json()).toMatchObject({ id, mailed: false })
    expect(await outcome(await join(id, {}))).toBe('201')
  })

  it('serves a person who was removed and comes back: they sign in and accept', async () => {
    const email = newAddress()
    const first = await invite(cookie, email)
    expect(await outcome(await join(first, {}))).toBe('201')
    const user = await userOf(email)
    const removing = await send('/api/auth/organization/remove-member', {
      ...{ cookie, body: { memberIdOrEmail: email } },
    })
    expect(await outcome(removing)).toBe('200')
    const second = await invite(cookie, email)
    const refused = await join(second, {})
    const { detail } = await refused.clone().json<{ detail: string }>()
    expect([await outcome(refused), detail]).toEqual([
      '409 conflict',
      expect.stringMatching(/Sign in to accept.*reset/),
    ])
    expect(await outcome(await accept(await signIn(email), second))).toBe('200')
    expect(await userOf(email)).toEqual(user)
  })
})

describe('an invitation whose inviter', () => {
  const remove = (memberId: string) =>
    env.DB.prepare('DELETE FROM member WHERE id = ?').bind(memberId)
  const demote = (memberId: string) =>
    env.DB.prepare("UPDATE member SET role = 'member' WHERE id = ?").bind(memberId)

  it.each([
    ['is removed', remove],
    ['is demoted', demote],
  ])('%s is void, also one that was mailed, and its message is not sent', async (_, lose) => {
    const { id: other, people } = await newAccount('owner', 'owner')
    const [first] = people
    const theirs = await signIn(first?.email ?? '')
    const [shownTo, mailedTo] = [newAddress(), newAddress()]
    const body = (email: string) => ({ email, role: 'member', organizationId: other })
    const path = '/api/auth/organization/invite-member'
    const shown = await send(path, { cookie: theirs, body: body(shownTo) })
    const mailed = await send(path, { cookie: theirs, body: body(mailedTo), env: mail })
    const [a, b] = [await shown.json<{ id: string }>(), await mailed.json<{ id: string }>()]
    const token = (await mailTo(mailedTo))?.token
    await lose(first?.memberId ?? '').run()
    expect([await statusOf(a.id), await statusOf(b.id)]).toEqual(['canceled', 'canceled'])
    expect(await mailTo(mailedTo)).toBeNull()
    expect(await outcome(await join(a.id, {}))).toBe('409 conflict')
    expect(await outcome(await join(b.id, { token }))).toBe('409 conflict')
  })

  it('loses the power while they invite makes none', async () => {
    const { people } = await newAccount('owner', 'owner')
    const [first] = people
    const theirs = await signIn(first?.email ?? '')
    const email = newAddress()
    // Between the check of the role and the batch.
    const db = afterRead(mail.DB, () => demote(first?.memberId ?? '').run())
    const response = await send('/api/auth/organization/invite-member', {
      ...{ cookie: theirs, body: { email, role: 'member' }, env: { ...mail, DB: db } },
    })
    expect(await outcome(response)).toBe('403 forbidden')
    const count = env.DB.prepare('SELECT count(*) AS n FROM invitation WHERE email = ?')
    expect(await count.bind(email).first('n')).toBe(0)
    expect(await mailTo(email)).toBeNull()
  })
})

/** A database that runs something right before the batch that inserts an invitation. */
function afterRead(db: D1Database, before: () => Promise<unknown>): D1Database {
  const wrapped = (session: D1DatabaseSession) =>
    new Proxy(session, {
      get(target, name) {
        if (name !== 'batch') return Reflect.get(target, name).bind(target)
        return async (statements: D1PreparedStatement[]) => {
          if (JSON.stringify(statements).includes('insert into \\"invitation\\"')) await before()
          return target.batch(statements)
        }
      },
    })
  return new Proxy(db, {
    get(target, name) {
      if (name === 'withSession') return (of: string) => wrapped(target.withSession(of))
      const value = Reflect.get(target, name)
      return typeof value === 'function' ? value.bind(target) : value
    },
  })
}
