// Signing in during password guessing, listing and ending sessions, and the last owner.
import { env } from 'cloudflare:workers'
import { beforeAll, describe, expect, it } from 'vitest'
import { outcome } from '../support/account.ts'
import { fromOwnPage, openWorld, password, type World } from '../support/permission-matrix.ts'
import {
  addPerson,
  createAccount,
  createTestApp,
  type TestApp,
  type TestPerson,
} from '../support/test-app.ts'

const guesses = 2

let app: TestApp
let world: World
beforeAll(async () => {
  app = await createTestApp({ bindings: { SIGN_IN_PER_MINUTE: String(guesses) as never } })
  world = await openWorld(app)
})

const someAddress = () => [198, ...crypto.getRandomValues(new Uint8Array(3))].join('.')
const emailOf = ({ id }: TestPerson) => `${id}@example.test`

type From = { ip?: string; cookie?: string; at?: TestApp }

/** From a new address unless one is given. */
function signIn(email: string, secret: string, { ip, cookie, at = app }: From = {}) {
  return at.request('POST', '/api/auth/sign-in/email', {
    headers: {
      ...fromOwnPage,
      'cf-connecting-ip': ip ?? someAddress(),
      ...(cookie !== undefined && { cookie }),
    },
    body: { email, password: secret },
  })
}

/** A new person, with the password that all share. */
async function newOwner(): Promise<TestPerson & { accountId: string }> {
  const accountId = await createAccount('Somebody Inc')
  const person = await addPerson(accountId, 'owner')
  await env.DB.prepare(
    `INSERT INTO account (id, account_id, provider_id, user_id, password, created_at, updated_at)
     SELECT ?1, ?1, 'credential', ?1, password, 1, 1 FROM account WHERE user_id = ?2`,
  )
    .bind(person.id, world.acme.owner.id)
    .run()
  return { ...person, accountId }
}

const cookiesOf = ({ headers }: { headers: Headers }, which: RegExp = /./) =>
  headers
    .getSetCookie()
    .map((line) => line.split(';')[0] ?? '')
    .filter((line) => which.test(line))
    .join('; ')

async function signedIn(person: TestPerson, agent = 'A browser'): Promise<string> {
  const answer = await app.request('POST', '/api/auth/sign-in/email', {
    headers: { ...fromOwnPage, 'cf-connecting-ip': someAddress(), 'user-agent': agent },
    body: { email: emailOf(person), password },
  })
  expect(answer.status, answer.text).toBe(200)
  return cookiesOf(answer, /session_token/)
}

const statusesOf = async (answers: Promise<{ status: number }>[]) =>
  (await Promise.all(answers)).map(({ status }) => status)

describe('guessing at a password', () => {
  /** Until one is refused. */
  async function guess(email: string, from: From) {
    for (let at = 0; at < guesses; at++) {
      expect((await signIn(email, 'a wild guess', from)).status).toBe(401)
    }
    expect((await signIn(email, 'a wild guess', from)).status).toBe(429)
  }

  it('is refused after a few attempts from one network, in any isolate', async () => {
    const email = emailOf(await newOwner())
    const other = await createTestApp({ bindings: app.bindings })
    const ip = someAddress()
    for (let at = 0; at < guesses; at++) {
      const attempt = signIn(email, 'a wild guess', { ip, at: at % 2 ? app : other })
      expect((await attempt).status).toBe(401)
    }
    const refused = await signIn(email, password, { ip })
    expect(await outcome(Promise.resolve(refused))).toBe('429 rate_limited')
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(60)
    expect((await signIn(email.toUpperCase(), password, { ip })).status).toBe(429)
  })

  it('never refuses the right password from another network, however many the guesses', async () => {
    const email = emailOf(await newOwner())
    const ip = someAddress()
    for (let at = 0; at < 40; at++) await signIn(email, 'a wild guess', { ip })
    expect((await signIn(email, password)).status).toBe(200)
  })

  it('from a whole /64 of IPv6 is from one network', async () => {
    const email = emailOf(await newOwner())
    const statuses = []
    for (let host = 0; host <= guesses; host++) {
      const ip = `2001:db8:1:2::${host.toString(16)}`
      statuses.push((await signIn(email, 'a wild guess', { ip })).status)
    }
    expect(statuses).toEqual([...Array(guesses).fill(401), 429])
  })

  it('at many people from one network is refused too', async () => {
    const ip = someAddress()
    for (let at = 0; at < guesses; at++) {
      const email = `${crypto.randomUUID()}@example.test`
      expect((await signIn(email, 'a wild guess', { ip })).status).toBe(401)
    }
    expect((await signIn(emailOf(await newOwner()), password, { ip })).status).toBe(429)
  })

  it('is counted before the password is checked, so that fifty concurrent attempts get no further', async () => {
    const email = emailOf(await newOwner())
    const ip = someAddress()
    const all = Array.from({ length: 50 }, () => signIn(email, 'a wild guess', { ip }))
    const tried = (await statusesOf(all)).filter((status) => status !== 429)
    expect(tried).toHaveLength(guesses)
  })

  it('does not refuse a browser in the same network in which the person has signed in before', async () => {
    const person = await newOwner()
    const ip = someAddress()
    const cookie = cookiesOf(await signIn(emailOf(person), password, { ip }), /device/)
    expect(cookie).toMatch(/^better-auth\.device=/)
    await guess(emailOf(person), { ip })
    expect((await signIn(emailOf(person), password, { ip })).status).toBe(429)
    expect((await signIn(emailOf(person), password, { ip, cookie })).status).toBe(200)
  })

  it('from a known browser is refused as well, separately from other browsers', async () => {
    const person = await newOwner()
    const ip = someAddress()
    const cookie = cookiesOf(await signIn(emailOf(person), password, { ip }), /device/)
    await guess(emailOf(person), { cookie })
    expect((await signIn(emailOf(person), password, { cookie })).status).toBe(429)
    expect((await signIn(emailOf(person), password, { ip })).status).toBe(200)
  })

  it('gains nothing from the device cookie of another person or a forged one', async () => {
    const [mine, theirs] = [await newOwner(), await newOwner()]
    const device = cookiesOf(await signIn(emailOf(mine), password), /device/)
    const ip = someAddress()
    await guess(emailOf(theirs), { ip })
    const made = `better-auth.device=${crypto.randomUUID()}.${'0'.repeat(64)}`
    for (const cookie of [device, made, 'better-auth.device=nonsense']) {
      expect((await signIn(emailOf(theirs), password, { ip, cookie })).status).toBe(429)
    }
  })

  it('does not count successful sign-ins', async () => {
    const email = emailOf(await newOwner())
    const ip = someAddress()
    for (let at = 0; at < guesses * 2; at++) {
      expect((await signIn(email, password, { ip })).status).toBe(200)
    }
  })

  it('does not reveal which e-mail addresses exist', async () => {
    const known = emailOf(await newOwner())
    const unknown = `${crypto.randomUUID()}@example.test`
    const tries = async (email: string) => {
      const [all, ip] = [[] as number[], someAddress()]
      for (let at = 0; at <= guesses; at++)
        all.push((await signIn(email, 'a wild guess', { ip })).status)
      return all
    }
    expect(await tries(unknown)).toEqual(await tries(known))
  })

  it('in a stolen session, at change-password and at step-up, shares one count', async () => {
    const person = await newOwner()
    const cookie = await signedIn(person)
    const change = (currentPassword: string) =>
      app.request('POST', '/api/auth/change-password', {
        headers: { cookie, ...fromOwnPage, 'cf-connecting-ip': someAddress() },
        body: { currentPassword, newPassword: 'another horse battery' },
      })
    const stepUp = (secret: string) =>
      app.request('POST', '/api/auth/step-up', {
        headers: { cookie, ...fromOwnPage },
        body: { password: secret },
      })
    expect((await change('a wild guess')).status).toBe(400)
    expect((await stepUp('a wild guess')).status).toBe(403)
    expect(await statusesOf([change(password), stepUp(password)])).toEqual([429, 429])
    // Signing in is counted apart: the person can end the stolen session.
    expect((await signIn(emailOf(person), password)).status).toBe(200)
  })
})

it('inviting is limited by person, and not by what others in the network do', async () => {
  const [one, other] = [await newOwner(), await newOwner()]
  const inviter = async (person: TestPerson) => {
    const cookie = await signedIn(person)
    return () =>
      app.request('POST', '/api/auth/organization/invite-member', {
        headers: { cookie, ...fromOwnPage, 'cf-connecting-ip': '198.51.100.9' },
        body: { email: `${crypto.randomUUID()}@example.test`, role: 'member' },
      })
  }
  const [invite, inviteToo] = [await inviter(one), await inviter(other)]
  for (let at = 0; at < guesses * 6; at++) expect((await invite()).status).toBe(200)
  const refused = await invite()
  expect([refused.status, Number(refused.headers.get('retry-after')) > 0]).toEqual([429, true])
  expect((await inviteToo()).status).toBe(200)
})

it('accepting invitations is throttled by address', async () => {
  const accept = (ip: string) =>
    app.request('POST', `/api/invitations/${crypto.randomUUID()}/accept`, {
      headers: { 'cf-connecting-ip': ip },
      body: { name: 'Eve', password },
    })
  // One household has a whole /64 of addresses.
  const ip = () => `2001:db8:1:2:${crypto.randomUUID().slice(0, 4)}::1`
  for (let at = 0; at < guesses; at++) expect((await accept(ip())).status).toBe(404)
  expect((await accept(ip())).status).toBe(429)
  expect((await accept('2001:db8:1:3::1')).status).toBe(404)
})

describe('the sessions of a person', () => {
  const list = (cookie: string) => app.request('GET', '/api/sessions', { headers: { cookie } })
  const end = (cookie: string, id = '') =>
    app.request('DELETE', `/api/sessions${id && `/${id}`}`, { headers: { cookie, ...fromOwnPage } })

  it('are listed with time, address and browser, and mark the current one', async () => {
    const person = await newOwner()
    await signedIn(person, 'Firefox')
    const cookie = await signedIn(person, 'Chromium')
    const { body } = await list(cookie)
    expect(body.data).toHaveLength(2)
    const [here] = body.data.filter((each: { is_current: boolean }) => each.is_current)
    expect(here).toMatchObject({ user_agent: 'Chromium', place: null })
    expect(here.ip_address).toMatch(/^198\./)
    expect(Date.parse(here.created_at)).toBeGreaterThan(Date.now() - 60_000)
    expect(Object.keys(here)).not.toContain('token')
  })

  it('show the location of their sign-in, as the platform reports it', async () => {
    const person = await newOwner()
    const request = new Request(`${env.BASE_URL}/api/auth/sign-in/email`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'cf-connecting-ip': someAddress() },
      body: JSON.stringify({ email: emailOf(person), password }),
      cf: { city: 'Graz', country: 'AT' } as never,
    })
    const context = { waitUntil() {}, passThroughOnException() {} } as unknown as ExecutionContext
    const answer = await app.handler.fetch(request, app.bindings, context)
    const { body } = await list(cookiesOf(answer, /session_token/))
    expect(body.data[0].place).toBe('Graz, AT')
  })

  it('end one by one, at once, and only by their own person', async () => {
    const [person, outsider] = [await newOwner(), await newOwner()]
    const [lost, kept] = [await signedIn(person), await signedIn(person)]
    const [theirs] = [await signedIn(outsider)]
    const lostId = (await list(lost)).body.data.find(
      (each: { is_current: boolean }) => each.is_current,
    ).id
    expect((await end(theirs, lostId)).status).toBe(404)
    expect((await end(kept, 'nonsense')).status).toBe(404)
    expect((await list(lost)).status).toBe(200)
    expect((await end(kept, lostId)).status).toBe(200)
    expect((await list(lost)).status).toBe(401)
    expect((await app.request('GET', '/api/api-keys', { headers: { cookie: lost } })).status).toBe(
      401,
    )
    expect((await end(kept, lostId)).status).toBe(404)
    expect((await list(kept)).body.data).toHaveLength(1)
  })

  it('end everywhere except in the current browser', async () => {
    const person = await newOwner()
    const [one, two, here] = [
      await signedIn(person),
      await signedIn(person),
      await signedIn(person),
    ]
    expect((await end(here)).body).toEqual({ status: 'success', data: { ended: 2 } })
    expect(await statusesOf([list(one), list(two), list(here)])).toEqual([401, 401, 200])
  })

  it('end elsewhere when the password is changed, and the new password applies', async () => {
    const person = await newOwner()
    const [elsewhere, here] = [await signedIn(person), await signedIn(person)]
    const changed = await app.request('POST', '/api/auth/change-password', {
      headers: { cookie: here, ...fromOwnPage, 'cf-connecting-ip': someAddress() },
      body: {
        currentPassword: password,
        newPassword: 'another horse battery',
        revokeOtherSessions: false,
      },
    })
    expect(changed.status).toBe(200)
    expect(await statusesOf([list(elsewhere), list(cookiesOf(changed))])).toEqual([401, 200])
    expect((await signIn(emailOf(person), password)).status).toBe(401)
    expect((await signIn(emailOf(person), 'another horse battery')).status).toBe(200)
  })
})

describe('the last owner of an account', () => {
  const run = (sql: string, ...values: string[]) =>
    env.DB.prepare(sql)
      .bind(...values)
      .run()
  const stays = /the last owner of an account stays/

  it('cannot be demoted, removed or deleted, on any path', async () => {
    const { id, memberId } = await newOwner()
    await expect(run(`UPDATE member SET role = 'admin' WHERE id = ?`, memberId)).rejects.toThrow(
      stays,
    )
    await expect(run('DELETE FROM member WHERE id = ?', memberId)).rejects.toThrow(stays)
    await expect(run('DELETE FROM user WHERE id = ?', id)).rejects.toThrow(stays)
  })

  it('may leave when there is another, who then cannot', async () => {
    const { memberId, accountId } = await newOwner()
    const second = await addPerson(accountId, 'owner')
    await run(`UPDATE member SET role = 'admin' WHERE id = ?`, memberId)
    await expect(
      run(`UPDATE member SET role = 'member' WHERE id = ?`, second.memberId),
    ).rejects.toThrow(stays)
    await run(`UPDATE member SET role = 'owner' WHERE id = ?`, memberId)
    await run('DELETE FROM user WHERE id = ?', second.id)
  })

  it('remains when two owners leave concurrently, on any path', async () => {
    const ways = [
      (a: string) => run(`UPDATE member SET role = 'member' WHERE id = ?`, a),
      (a: string) => run('DELETE FROM member WHERE id = ?', a),
    ]
    for (const go of ways) {
      const first = await newOwner()
      const second = await addPerson(first.accountId, 'owner')
      const both = await Promise.allSettled([go(first.memberId), go(second.memberId)])
      expect(both.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
    }
  })

  it('cannot lose the account before the grace period is over', async () => {
    const { accountId } = await newOwner()
    const early = /not due to be deleted/
    await expect(run('DELETE FROM organization WHERE id = ?', accountId)).rejects.toThrow(early)
    const insert = 'INSERT INTO deleted_account (account_id, deleted_at) VALUES (?, 1)'
    await expect(run(insert, accountId)).rejects.toThrow(early)
  })
})
