// Mail that is caused by no request of its receiver: of keys that expire or leak, and of an account made for them.
import { env } from 'cloudflare:workers'
import { afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import { makeKey, openAccount } from '../support/account.ts'
import { newSigner, publicView, signed } from '../support/github.ts'
import { type MailApp, mailTo, openMail } from '../support/mail.ts'

const day = 24 * 60 * 60_000

let mail: MailApp
beforeAll(async () => {
  mail = await openMail()
})
beforeEach(() => {
  mail.sent.length = 0
})
afterEach(() => vi.restoreAllMocks())

/** An account whose owner and admin have proved their addresses, and its member has not. */
async function open() {
  const account = await openAccount(`Acme ${crypto.randomUUID()}`)
  const people = [account.owner, account.admin, account.member]
  const { results } = await env.DB.prepare(
    'SELECT id, email FROM user WHERE id IN (SELECT value FROM json_each(?))',
  )
    .bind(JSON.stringify(people.map(({ id }) => id)))
    .all<{ id: string; email: string }>()
  const emailOf = (id: string) => results.find((row) => row.id === id)?.email ?? ''
  await prove(account.owner.id)
  await prove(account.admin.id)
  const at = new Date(mail.clock.now())
  const expiring = (name: string, as: string, inDays: number) =>
    makeKey(mail.app, as, {
      name,
      expires_at: new Date(mail.clock.now() + inDays * day).toISOString(),
    })
  return {
    ...{ account, at, expiring },
    emails: {
      owner: emailOf(account.owner.id),
      admin: emailOf(account.admin.id),
      member: emailOf(account.member.id),
    },
  }
}

const prove = (id: string, isProved = 1) =>
  env.DB.prepare('UPDATE user SET email_verified = ? WHERE id = ?').bind(isProved, id).run()

/** To the next minute at which keys are scanned, `inDays` from now; what is due is sent. */
async function scanIn(inDays: number) {
  const later = mail.clock.now() + inDays * day
  mail.clock.skip(inDays * day + (600_000 - (later % 600_000)) + 1_000)
  await mail.drain()
}

const sentTo = (to: string) => mail.sent.filter((each) => each.to === to)

describe('a key that is about to expire', () => {
  it('is told to its creator 7 days and 1 day before, once each', async () => {
    const { account, emails, expiring } = await open()
    await mail.drain()
    await expiring('Deploy', account.admin.jwt, 20)
    await scanIn(12)
    expect(sentTo(emails.admin)).toEqual([])
    await scanIn(2)
    await scanIn(1)
    const [message, ...others] = sentTo(emails.admin)
    expect(others).toEqual([])
    expect(message?.subject).toContain(`An API key of ${account.name} expires on`)
    expect(message?.text).toMatch(/- Deploy \([0-9a-f]{8}…\)/)
    await scanIn(4.5)
    await scanIn(0)
    expect(sentTo(emails.admin)).toHaveLength(2)
    expect([sentTo(emails.owner), sentTo(emails.member)]).toEqual([[], []])
  })

  it('is one message for all keys of an account that cross the mark at once', async () => {
    const { account, emails, expiring } = await open()
    for (let at = 0; at < 12; at++) await expiring(`Key ${at}`, account.admin.jwt, 20 + at / 1e3)
    await scanIn(14)
    const [message, ...others] = sentTo(emails.admin)
    expect(others).toEqual([])
    expect(message?.subject).toBe(`12 API keys of ${account.name} expire soon`)
    expect(message?.text).toContain('- Key 0 (')
    expect(message?.text).toContain('- Key 9 (')
    expect(message?.text).not.toContain('- Key 10 (')
    expect(message?.text).toContain('- and 2 more')
  })

  it('is told to the owners where its creator has left, or their address is not proved', async () => {
    const { account, emails, expiring } = await open()
    const other = await open()
    await expiring('Left', account.admin.jwt, 20)
    await expiring('Unproved', other.account.admin.jwt, 20)
    await env.DB.prepare('DELETE FROM member WHERE user_id = ?').bind(account.admin.id).run()
    await prove(other.account.admin.id, 0)
    await scanIn(14)
    expect(sentTo(emails.owner).map(({ text }) => text.includes('- Left ('))).toEqual([true])
    expect(sentTo(other.emails.owner)).toHaveLength(1)
    expect([...sentTo(emails.admin), ...sentTo(other.emails.admin)]).toEqual([])
  })

  it('is not told where that was expected: it was made within the mark, is rotated, disabled or revoked', async () => {
    const { account, emails, expiring } = await open()
    const as = account.admin.jwt
    const change = (method: string, path: string, body?: unknown) =>
      mail.app.request(method, `/api/api-keys/${path}`, { as, ...(body ? { body } : {}) })
    const rotated = await expiring('Rotated', as, 20)
    await change('POST', `${rotated.id}/rotate`, { overlap_seconds: 86_400 * 2 })
    const disabled = await expiring('Disabled', as, 20)
    await change('PATCH', disabled.id, { is_active: false })
    const revoked = await expiring('Revoked', as, 20)
    await change('DELETE', revoked.id)
    await expiring('Short', as, 3)
    await scanIn(0)
    await scanIn(1)
    const told = sentTo(emails.admin).map(({ text }) => text)
    expect(told.filter((text) => /Rotated|Disabled|Revoked/.test(text))).toEqual([])
    // Its second mark is crossed while it exists.
    await scanIn(1)
    expect(sentTo(emails.admin).filter(({ text }) => text.includes('Short'))).toHaveLength(1)
  })

  it('is told by the next scan where the last one failed, and not twice', async () => {
    const { account, emails, expiring } = await open()
    await expiring('Once', account.admin.jwt, 20)
    await scanIn(14)
    await env.DB.exec('UPDATE expiry_scan SET expires_at = 0, seq = 0')
    await scanIn(0)
    expect(sentTo(emails.admin)).toHaveLength(1)
  })

  it('is told to nobody without mail', async () => {
    const { account, emails, expiring } = await open()
    await expiring('Silent', account.admin.jwt, 20)
    const { drainOutboxes } = await import('../../src/worker/queues.ts')
    const { mail: _, ...config } = mail.isolate.config
    const later = mail.clock.now() + 14 * day
    mail.clock.skip(14 * day + (600_000 - (later % 600_000)) + 1_000)
    await drainOutboxes({ ...mail.isolate, config }, mail.app.bindings)
    expect(await mailTo(emails.admin)).toBeNull()
  })
})

describe('a token that was found in public', () => {
  async function report(findings: { token: string; url: string }[]) {
    const signer = await newSigner()
    vi.spyOn(globalThis, 'fetch').mockImplementation(async () =>
      Response.json({ public_keys: [publicView(signer)] }),
    )
    const body = JSON.stringify(
      findings.map((each) => ({ ...each, type: 'whm', source: 'commit' })),
    )
    const headers = await signed(signer, body)
    const answer = await mail.app.request('POST', '/api/leaks/github', { body, headers })
    expect(answer.status, answer.text).toBe(200)
  }

  it('is told to the owners and the creator at once, once, and never to an address that is not proved', async () => {
    const { account, emails } = await open()
    const key = await makeKey(mail.app, account.admin.jwt, { name: 'Leaked' })
    const other = await makeKey(mail.app, account.owner.jwt, { name: 'Other' })
    const findings = [key, other].map(({ key: token }) => {
      return { token, url: `https://github.com/a/b?token=${token}` }
    })
    await report(findings)
    mail.clock.skip(day)
    await report(findings)
    const [toAdmin, ...more] = sentTo(emails.admin)
    expect(more).toEqual([])
    expect(toAdmin?.text).toContain(`- Leaked (${key.key_prefix}…)`)
    expect(toAdmin?.text).toContain('commit')
    const names = sentTo(emails.owner).map(({ text }) => text)
    expect(names.join()).toContain('- Leaked (')
    expect(names.join()).toContain('- Other (')
    expect(sentTo(emails.member)).toEqual([])
    for (const { text, html, subject } of mail.sent) {
      expect(text + html + subject).not.toContain(key.key)
    }
  })
})

describe('an account that the platform makes', () => {
  it('mails its owner a link that joins, and shows none', async () => {
    const platform = await openAccount('Platform')
    await env.DB.prepare('INSERT INTO platform (id, account_id) VALUES (1, ?)')
      .bind(platform.id)
      .run()
    const owner_email = `${crypto.randomUUID()}@customer.test`
    const as = platform.owner.jwt
    const body = { name: 'Initech', owner_email }
    const made = await mail.app.request('POST', '/api/accounts', { as, body })
    expect(made.status, made.text).toBe(201)
    expect(made.body.data.invitation).toMatchObject({ email: owner_email, url: null })
    const [message] = sentTo(owner_email)
    expect(message?.subject).toBe('Your account Initech')
    const [, id, token] = /\/invitations\/([\w-]+)#([\w-]+)/.exec(message?.text ?? '') ?? []
    expect(made.text).not.toContain(token)
    const path = `/api/invitations/${id}/accept`
    const person = { name: 'Ada', password: 'correct horse battery' }
    expect((await mail.app.request('POST', path, { body: person })).status).toBe(403)
    const again = await mail.app.request(
      'POST',
      `/api/accounts/${made.body.data.id}/owner-invitation`,
      {
        ...{ as, body: { owner_email } },
      },
    )
    expect(again.body.data).toMatchObject({ url: null })
    const [, newest] = sentTo(owner_email)
    const [, second, fresh] = /\/invitations\/([\w-]+)#([\w-]+)/.exec(newest?.text ?? '') ?? []
    expect((await mail.app.request('POST', path, { body: { ...person, token } })).status).toBe(409)
    const joined = await mail.app.request('POST', `/api/invitations/${second}/accept`, {
      body: { ...person, token: fresh },
    })
    expect(joined.status, joined.text).toBe(201)
  })
})
