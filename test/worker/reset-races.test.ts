// Races around a password: in each the second request comes right before one statement of the first.
import { env } from 'cloudflare:workers'
import { beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { type Account, openAccount, outcome } from '../support/account.ts'
import { beforeStatement } from '../support/interleaved.ts'
import { addMember, cookieOf } from '../support/permission-matrix.ts'
import {
  addPersonWithPassword,
  changePassword,
  emailOf,
  eventsOf,
  hashOf,
  newPassword,
  oldPassword,
  openApp,
  ownersLink,
  reset,
  sessionsOf,
  signIn,
  tokenFor,
  tokenOf,
  toldBy,
} from '../support/reset.ts'
import { createAccount, type TestApp, type TestPerson } from '../support/test-app.ts'

let app: TestApp
let account: Account
let person: TestPerson
beforeAll(async () => {
  app = await openApp()
  account = await openAccount()
})
beforeEach(async () => {
  person = await addPersonWithPassword(account.id, 'member')
})

const third = 'a third horse battery'
const refused = '400 invalid_request'
const run = (sql: string, ...values: unknown[]) =>
  env.DB.prepare(sql)
    .bind(...values)
    .run()

/** An app in which `happen` comes before the first statement that matches. */
const interrupted = (pattern: RegExp, happen: () => Promise<unknown>) =>
  openApp({ DB: beforeStatement(pattern, happen) })

const newSession = /insert into "session"/i
const use = /delete from "reset_link"/i

describe('a reset and a sign-in with the old password', () => {
  it('that was verified before the reset: its session does not begin', async () => {
    const token = await tokenFor(app, person)
    const late = await interrupted(newSession, () => reset(app, token))
    const answer = await signIn(late, person, oldPassword)
    expect([answer.status, answer.body.code]).toEqual([401, 'invalid_token'])
    expect(answer.headers.getSetCookie()).toEqual([])
    expect(await sessionsOf(person)).toEqual([])
    expect(await outcome(signIn(app, person, newPassword))).toBe('200')
  })

  it('that began its session before the reset: the session ends', async () => {
    const token = await tokenFor(app, person)
    const late = await interrupted(use, () => signIn(app, person, oldPassword))
    expect(await outcome(reset(late, token))).toBe('200')
    expect(await eventsOf(person, 'person.signed_in')).toHaveLength(1)
    expect(await sessionsOf(person)).toEqual([])
  })

  it('of a person with a factor: the session that awaits it does not begin either', async () => {
    await run(`INSERT INTO totp (user_id, secret, enrolled_at) VALUES (?, 'sealed', 1)`, person.id)
    const token = await tokenFor(app, person)
    const late = await interrupted(newSession, () => reset(app, token))
    expect(await outcome(signIn(late, person, oldPassword))).toBe('401 invalid_token')
    expect(await sessionsOf(person)).toEqual([])
  })
})

describe('a change of the password and a sign-in with the old one', () => {
  it('that was verified before: its session does not begin', async () => {
    const cookie = await cookieOf(person, account.id)
    const late = await interrupted(newSession, () => changePassword(app, cookie))
    expect(await outcome(signIn(late, person, oldPassword))).toBe('401 invalid_token')
    expect(await sessionsOf(person)).toHaveLength(1)
  })
})

describe('two uses', () => {
  it('of one link at a time: one sets the password', async () => {
    const token = await tokenFor(app, person)
    const late = await interrupted(use, () => reset(app, token, third))
    expect(await outcome(reset(late, token))).toBe(refused)
    expect(await outcome(signIn(app, person, third))).toBe('200')
    expect(await outcome(signIn(app, person, newPassword))).toBe('401 invalid_token')
    expect(await eventsOf(person, 'person.password_reset')).toHaveLength(1)
    expect(await toldBy(emailOf(person), 'password_changed')).toHaveLength(1)
  })

  it('of two links of a person: one sets the password', async () => {
    const tokens = [await tokenFor(app, person), await tokenFor(app, person)]
    const late = await interrupted(use, () => reset(app, tokens[1] ?? '', third))
    expect(await outcome(reset(late, tokens[0] ?? ''))).toBe(refused)
    expect(await outcome(signIn(app, person, third))).toBe('200')
  })

  it('of one link at once, eight times', async () => {
    const token = await tokenFor(app, person)
    const all = Array.from({ length: 8 }, (_, at) => outcome(reset(app, token, `${third} ${at}`)))
    const outcomes = (await Promise.all(all)).sort()
    expect(outcomes).toEqual(['200', ...Array(7).fill(refused)])
    expect(await eventsOf(person, 'person.password_reset')).toHaveLength(1)
  })
})

describe('a change of the password in a session, and a reset', () => {
  const replaced = /update "account" set password/i

  it('before the change is stored: the change is refused, and the session is over', async () => {
    const token = await tokenFor(app, person)
    const cookie = await cookieOf(person, account.id)
    const late = await interrupted(replaced, () => reset(app, token))
    const answer = await changePassword(late, cookie, third)
    expect([answer.status, answer.headers.getSetCookie()]).toEqual([401, []])
    expect(await outcome(signIn(app, person, newPassword))).toBe('200')
    expect(await eventsOf(person, 'person.password_changed')).toEqual([])
    expect(await toldBy(emailOf(person), 'password_changed')).toHaveLength(1)
  })

  it('whose link was looked at before the change: the link has ended', async () => {
    const token = await tokenFor(app, person)
    const cookie = await cookieOf(person, account.id)
    const late = await interrupted(use, () => changePassword(app, cookie, third))
    expect(await outcome(reset(late, token))).toBe(refused)
    expect(await outcome(signIn(app, person, third))).toBe('200')
    expect(await sessionsOf(person)).toHaveLength(2)
  })

  it('two changes at a time: one is stored, and the session of the other is over', async () => {
    const [one, other] = [await cookieOf(person, account.id), await cookieOf(person, account.id)]
    const late = await interrupted(replaced, () => changePassword(app, other, third))
    expect((await changePassword(late, one)).status).toBe(401)
    expect(await outcome(signIn(app, person, third))).toBe('200')
    expect(await eventsOf(person, 'person.password_changed')).toHaveLength(1)
  })

  it('the session ends before the change is stored: nothing is changed', async () => {
    const cookie = await cookieOf(person, account.id)
    const stored = await hashOf(person)
    const late = await interrupted(replaced, () =>
      run('DELETE FROM session WHERE user_id = ?', person.id),
    )
    expect((await changePassword(late, cookie)).status).toBe(401)
    expect(await hashOf(person)).toBe(stored)
  })
})

describe("an owner's link, whose bounds are met no more", () => {
  it.each([
    [
      'the person joins another account',
      async () => addMember(person, await createAccount('Other'), 'member'),
    ],
    [
      'the person becomes an owner',
      () => run(`UPDATE member SET role = 'owner' WHERE user_id = ?`, person.id),
    ],
    ['the person is removed', () => run('DELETE FROM member WHERE user_id = ?', person.id)],
  ])('while it is used, since %s', async (_, happen) => {
    const token = tokenOf(await ownersLink(app, account.owner, account.id, person.id))
    const stored = await hashOf(person)
    const late = await interrupted(use, happen)
    expect(await outcome(reset(late, token))).toBe(refused)
    expect(await hashOf(person)).toBe(stored)
  })

  it('while it is made: there is none', async () => {
    const other = await createAccount('Other')
    const late = await interrupted(/insert into "reset_link"/i, () =>
      addMember(person, other, 'member'),
    )
    const answer = await ownersLink(late, account.owner, account.id, person.id)
    expect(answer.status, answer.text).toBe(404)
  })
})
