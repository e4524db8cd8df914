// A link by which a member sets a new password, made by an owner: for whom, until when, and what it leaves.
import { env } from 'cloudflare:workers'
import { beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import { type Account, makeKey, openAccount, outcome } from '../support/account.ts'
import { down } from '../support/outage.ts'
import { addMember, cookieOf } from '../support/permission-matrix.ts'
import {
  addPersonWithPassword,
  emailOf,
  eventsOf,
  newPassword,
  oldPassword,
  openApp,
  ownersLink,
  post,
  reset,
  sessionsOf,
  signIn,
  tokenOf,
  toldBy,
} from '../support/reset.ts'
import { writeSuspension } from '../support/suspension.ts'
import {
  addPerson,
  createAccount,
  jwtFor,
  type TestApp,
  type TestPerson,
} from '../support/test-app.ts'

let app: TestApp
let account: Account
let person: TestPerson
beforeAll(async () => {
  // No mail is needed.
  app = await openApp({ DEV_MAIL: 'no' } as never)
})
beforeEach(async () => {
  account = await openAccount()
  person = await addPersonWithPassword(account.id, 'member')
})

const run = (sql: string, ...values: unknown[]) =>
  env.DB.prepare(sql)
    .bind(...values)
    .run()
const link = (userId = person.id, owner: Pick<TestPerson, 'id'> = account.owner) =>
  ownersLink(app, owner, account.id, userId)
const setRole = ({ id }: Pick<TestPerson, 'id'>, role: string) =>
  run('UPDATE member SET role = ? WHERE user_id = ?', role, id)
const linksOf = async () =>
  (await env.DB.prepare('SELECT * FROM reset_link WHERE user_id = ?').bind(person.id).all()).results
const noLink = '404 not_found'
const refused = '400 invalid_request'

describe("an owner's link", () => {
  it('sets the password of a member once, within half an hour', async () => {
    await cookieOf(person, account.id)
    const made = await link()
    expect([made.status, made.headers.get('cache-control')]).toEqual([201, 'no-store'])
    expect(made.body.data).toEqual({ url: expect.any(String), expires_at: expect.any(String) })
    expect(made.body.data.url).toMatch(new RegExp(`^${env.BASE_URL}/reset-password#[\\w-]{43}$`))
    const seconds = (Date.parse(made.body.data.expires_at) - Date.now()) / 1_000
    expect(seconds).toBeGreaterThan(1_700)
    expect(seconds).toBeLessThanOrEqual(1_800)
    expect(await outcome(reset(app, tokenOf(made)))).toBe('200')
    expect(await outcome(reset(app, tokenOf(made)))).toBe(refused)
    expect(await sessionsOf(person)).toEqual([])
    expect(await outcome(signIn(app, person, newPassword))).toBe('200')
    expect(await outcome(signIn(app, person, oldPassword))).toBe('401 invalid_token')
  })

  it('stores a digest and no token', async () => {
    const token = tokenOf(await link())
    expect(JSON.stringify(await linksOf())).not.toContain(token)
    expect(await linksOf()).toMatchObject([
      { origin: 'owner', account_id: account.id, made_by: account.owner.id },
    ])
  })

  it('stands in the trail with the owner, and its use with the member', async () => {
    const made = await link()
    await reset(app, tokenOf(made), newPassword, { ip: '203.0.113.9' })
    const [created, ...others] = await eventsOf(person, 'reset_link.created')
    expect(others).toEqual([])
    expect(created).toMatchObject({
      account_id: account.id,
      ...{ actor_kind: 'person', actor_id: account.owner.id },
      detail: { origin: 'owner', browser: 'A browser' },
    })
    expect(created?.request_id).toBe(made.headers.get('x-request-id'))
    expect(await eventsOf(person, 'person.password_reset')).toMatchObject([
      { actor_id: person.id, detail: { address: '203.0.113.0/24' } },
    ])
  })

  it('is told to the member where there is mail', async () => {
    const withMail = await openApp()
    await reset(withMail, tokenOf(await link()))
    expect(await toldBy(emailOf(person), 'password_changed')).toHaveLength(1)
  })

  it('proves no address: what the member enrolled stays', async () => {
    await run('UPDATE user SET email_verified = 0 WHERE id = ?', person.id)
    await run(`INSERT INTO totp (user_id, secret, enrolled_at) VALUES (?, 'sealed', 1)`, person.id)
    expect(await outcome(reset(app, tokenOf(await link())))).toBe('200')
    const user = 'SELECT email_verified FROM user WHERE id = ?'
    expect(await env.DB.prepare(user).bind(person.id).first('email_verified')).toBe(0)
    expect((await signIn(app, person, newPassword)).body.awaits_factor).toContain('totp')
  })

  it('is made once for an Idempotency-Key, and is not shown again', async () => {
    const headers = { 'idempotency-key': crypto.randomUUID() }
    const make = () => ownersLink(app, account.owner, account.id, person.id, { headers })
    expect((await make()).status).toBe(201)
    const again = await make()
    expect([again.status, again.body.code]).toEqual([409, 'conflict'])
    expect(again.text).not.toContain('reset-password#')
    expect(await linksOf()).toHaveLength(1)
  })
})

describe('is made only for a member of this account alone, who is no owner', () => {
  it('so for an admin too', async () => {
    await setRole(person, 'admin')
    const made = await link()
    expect(made.status).toBe(201)
    expect(await outcome(reset(app, tokenOf(made)))).toBe('200')
  })

  it.each<[string, () => Promise<string>]>([
    ['nobody', async () => crypto.randomUUID()],
    ['a member of another account', async () => (await openAccount('Other')).member.id],
    ['another owner', async () => (await addPerson(account.id, 'owner')).id],
    ['the owner', async () => account.owner.id],
    [
      'a member of two accounts',
      async () => {
        await addMember(person, await createAccount('Other'), 'member')
        return person.id
      },
    ],
    [
      'an owner of another account',
      async () => {
        await addMember(person, await createAccount('Other'), 'owner')
        return person.id
      },
    ],
    [
      'who was removed',
      async () => {
        await run('DELETE FROM member WHERE user_id = ?', person.id)
        return person.id
      },
    ],
    [
      'an owner with a second role',
      async () => {
        await setRole(person, 'member,owner')
        return person.id
      },
    ],
  ])('not for %s', async (_, userIdOf) => {
    const userId = await userIdOf()
    const answer = await link(userId)
    expect([answer.status, answer.body.code]).toEqual([404, 'not_found'])
    expect(await eventsOf({ id: userId }, 'reset_link.created')).toEqual([])
    const rows = 'SELECT count(*) AS n FROM reset_link WHERE user_id = ?'
    expect(await env.DB.prepare(rows).bind(userId).first('n')).toBe(0)
  })

  it('not for what is no id', async () => {
    expect((await link('nobody')).status).toBe(404)
  })

  it('an owner of two accounts makes one in that which they name', async () => {
    const other = await openAccount('Other')
    const member = await addPersonWithPassword(other.id, 'member')
    await addMember(account.owner, other.id, 'owner')
    const cookie = await cookieOf(account.owner, account.id)
    const path = `/api/members/${member.id}/reset-link`
    const inAccount = (id: string) =>
      outcome(post(app, path, undefined, { headers: { cookie, 'latchkey-account': id } }))
    expect(await inAccount(account.id)).toBe(noLink)
    expect(await inAccount(other.id)).toBe('201')
  })
})

describe('is made only by an owner in person', () => {
  it('not by admins, members and people of other accounts', async () => {
    const other = await openAccount('Other')
    expect(await outcome(link(person.id, account.admin))).toBe('403 forbidden')
    expect(await outcome(link(person.id, account.member))).toBe('403 forbidden')
    expect(await outcome(ownersLink(app, other.owner, other.id, person.id))).toBe(noLink)
    expect(await outcome(ownersLink(app, other.owner, account.id, person.id))).toBe('403 forbidden')
  })

  it('not by a key', async () => {
    const scopes = { scopes: ['keys:manage'], may_grant: {} }
    const { key } = await makeKey(app, account.owner.jwt, scopes)
    const path = `/api/members/${person.id}/reset-link`
    expect(await outcome(app.request('POST', path, { key }))).toBe('403 forbidden')
  })

  it('after step-up, by session and by JWT', async () => {
    const stale = Date.now() - 11 * 60_000
    expect(
      await outcome(ownersLink(app, account.owner, account.id, person.id, { provedAt: stale })),
    ).toBe('403 step_up_required')
    const path = `/api/members/${person.id}/reset-link`
    const by = async (provedAt: number) =>
      outcome(
        app.request('POST', path, { as: await jwtFor(account.owner.id, account.id, provedAt) }),
      )
    expect(await by(stale)).toBe('403 step_up_required')
    expect(await by(Date.now())).toBe('201')
  })

  it('not in a suspended account', async () => {
    await writeSuspension(account.id, Date.now())
    expect(await outcome(link())).toBe('403 forbidden')
  })

  it('not while D1 is down', async () => {
    vi.spyOn(console, 'error').mockImplementation(() => {})
    const broken = await openApp(down(['DB']))
    expect(await outcome(ownersLink(broken, account.owner, account.id, person.id))).toBe(
      '503 authority_unavailable',
    )
    vi.restoreAllMocks()
  })
})

describe('sets no password any more', () => {
  it.each<[string, () => Promise<unknown>]>([
    [
      'the member has joined another account',
      async () => addMember(person, await createAccount('Other'), 'member'),
    ],
    ['the member has become an owner', () => setRole(person, 'owner')],
    ['the member was removed', () => run('DELETE FROM member WHERE user_id = ?', person.id)],
    [
      'the member has left for another account',
      async () => {
        await run('DELETE FROM member WHERE user_id = ?', person.id)
        await addMember(person, await createAccount('Other'), 'member')
      },
    ],
    [
      'its maker was demoted',
      async () => {
        await addPerson(account.id, 'owner')
        await setRole(account.owner, 'admin')
      },
    ],
    [
      'its maker was removed',
      async () => {
        await addPerson(account.id, 'owner')
        await run('DELETE FROM member WHERE user_id = ?', account.owner.id)
      },
    ],
    ['the account is suspended', () => writeSuspension(account.id, Date.now())],
    [
      'half an hour has passed',
      () => run('UPDATE reset_link SET expires_at = ? WHERE user_id = ?', Date.now(), person.id),
    ],
  ])('after %s', async (_, happen) => {
    const made = await link()
    await happen()
    expect(await outcome(reset(app, tokenOf(made)))).toBe(refused)
    expect(await outcome(signIn(app, person, oldPassword))).toBe('200')
  })

  it('after another link of the member was used', async () => {
    const [one, other] = [await link(), await link()]
    expect(await outcome(reset(app, tokenOf(other)))).toBe('200')
    expect(await outcome(reset(app, tokenOf(one)))).toBe(refused)
  })
})
