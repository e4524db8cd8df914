// /dev/mail: mail that DEV_MAIL keeps, readable on the machine that runs it, and nowhere else.
import { env } from 'cloudflare:workers'
import { describe, expect, it } from 'vitest'
import { isFromThisMachine } from '../../src/http/dev/loopback.ts'
import { peopleSettings } from '../../src/worker/variables.ts'
import { mailRow, openMail } from '../support/mail.ts'

const devMail = { DEV_MAIL: 'yes' }
const token = 'a-token-of-a-link'

async function withKept(bindings: Parameters<typeof openMail>[0] = { bindings: devMail }) {
  const mail = await openMail(bindings)
  const to = `${crypto.randomUUID()}@dev.test`
  const content = {
    template: 'invitation',
    data: {
      ...{ invitation_id: crypto.randomUUID(), account: '<b>Acme & Co</b>', inviter: 'Ann' },
      role: 'member' as const,
      expires_at: Date.UTC(2030, 0, 2),
    },
  } as const
  const id = await mail.write(to, { content, token })
  await mail.afterResponse()
  return {
    ...mail,
    id,
    to,
    link: `${env.BASE_URL}/invitations/${content.data.invitation_id}#${token}`,
  }
}

describe('mail that DEV_MAIL keeps', () => {
  it('is not sent, and is read as JSON with its text and link', async () => {
    const { app, sent, id, to, link } = await withKept()
    expect(sent).toEqual([])
    expect(await mailRow(id)).toMatchObject({ status: 'kept', attempts: 1 })
    for (const [path, headers] of [
      ['/dev/mail.json', {}],
      ['/dev/mail', { accept: 'application/json' }],
    ] as const) {
      const { status, body } = await app.request('GET', path, { headers })
      expect(status).toBe(200)
      const mine = body.data.find((each: { id: string }) => each.id === id)
      expect(mine).toMatchObject({ to, link, template: 'invitation', subject: expect.any(String) })
      expect(mine.text).toContain(link)
      expect(mine.html).toContain('&lt;b&gt;Acme &amp; Co')
    }
    const named = await app.request('GET', `/dev/mail.json?to=${to.toUpperCase()}`)
    expect(named.body.data.map((each: { id: string }) => each.id)).toEqual([id])
  })

  it('is a page for people, newest first, that runs and loads nothing of a message', async () => {
    const first = await withKept()
    const second = await withKept()
    const { status, text, headers } = await first.app.request('GET', '/dev/mail')
    expect(status).toBe(200)
    expect(headers.get('cache-control')).toBe('no-store')
    expect(headers.get('content-security-policy')).toMatch(
      /default-src 'none'.*frame-ancestors 'none'/,
    )
    expect(text.indexOf(second.to)).toBeGreaterThan(0)
    expect(text.indexOf(second.to)).toBeLessThan(text.indexOf(first.to))
    expect(text).toContain(`<a href="${first.link}">`)
    expect(text).not.toMatch(/<b>|<script/)
    expect(text).toContain('<iframe sandbox')
  })
})

describe('/dev/mail', () => {
  const local = 'http://localhost:8787/dev/mail'
  it('is an unknown path for any method but GET, and wherever mail is sent', async () => {
    const kept = await withKept()
    const unknown = await kept.app.request('GET', '/dev/nothing')
    expect(unknown.status).toBe(404)
    const posted = await kept.app.request('POST', '/dev/mail')
    expect([posted.status, posted.body.code]).toEqual([404, 'not_found'])
    const sends = await openMail()
    for (const path of ['/dev/mail', '/dev/mail.json']) {
      const answer = await sends.app.request('GET', path)
      expect([answer.status, answer.body.code]).toEqual([404, unknown.body.code])
      expect(answer.body.detail).toBe(`There is nothing at ${path}.`)
    }
  })

  it('does not exist at a public address, where nothing is kept either', async () => {
    const bindings = { ...devMail, BASE_URL: 'https://keys.example.com' as never }
    const mail = await withKept({ bindings })
    expect(mail.sent).toHaveLength(1)
    expect(await mailRow(mail.id)).toBeNull()
    expect((await mail.app.request('GET', 'http://localhost:8787/dev/mail')).status).toBe(404)
    const withoutMail = { people: mail.isolate.people, config: {} }
    expect(peopleSettings(mail.app.bindings, withoutMail).hasMail).toBe(false)
  })

  it.each([
    ['another name of this machine (DNS rebinding)', 'http://evil.example:8787/dev/mail', {}],
    ['a name below localhost', 'http://evil.localhost:8787/dev/mail', {}],
    ['the name of a tunnel in Host', local, { host: 'abc.trycloudflare.com' }],
    ['a proxy', local, { 'x-forwarded-for': '127.0.0.1' }],
    ['a proxy that states the host', local, { 'x-forwarded-host': 'localhost' }],
    ['RFC 7239', local, { forwarded: 'for=127.0.0.1' }],
    ['a client elsewhere, through Cloudflare', local, { 'cf-connecting-ip': '203.0.113.7' }],
    ['an address that begins like a local one', local, { 'cf-connecting-ip': '127.0.0.1.evil' }],
    ['a request of Cloudflare', local, { 'cf-ray': '8f' }],
  ])('is not shown to %s', async (_, url, headers) => {
    const { app } = await withKept()
    const answer = await app.request('GET', url, { headers })
    expect([answer.status, answer.body.code]).toEqual([404, 'not_found'])
    expect(answer.text).not.toContain(token)
  })

  it.each(['127.0.0.1', '127.1.2.3', '::1', '::ffff:127.0.0.1'])('is shown to %s', (address) => {
    const headers = new Headers({ 'cf-connecting-ip': address, host: '127.0.0.1:8787' })
    expect(isFromThisMachine({ url: local, headers })).toBe(true)
  })
})
