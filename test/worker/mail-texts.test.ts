// The messages themselves: readable as text and HTML, nothing of a name runs or links, and a link holds its token.
import { describe, expect, it } from 'vitest'
import type { MailContent, MailData } from '../../src/core/mail.ts'
import { cloudflareMail, resendMail } from '../../src/identity/mail/providers.ts'
import { linkOf, renderMail } from '../../src/identity/mail/templates.ts'

const baseUrl = 'https://keys.example.com'
const token = 'TOKEN-OF-THE-LINK'
const at = Date.UTC(2030, 0, 2, 3, 4, 5)
const origin = { at, network: '203.0.113.0/24', place: 'Graz, AT', browser: 'Firefox' }
const key = {
  ...{ account: 'Acme <i>& Co</i>', account_id: 'acc', key_id: 'key', count: 1 },
  names: 'CI "prod" (1a2b3c4d…)',
}
const invited = { invitation_id: 'inv', account: 'Acme', expires_at: at }

const data: MailData = {
  invitation: { ...invited, inviter: 'Ann', role: 'admin' },
  invitation_of_owner: invited,
  confirm_address: { minutes: 30 },
  reset_password: { minutes: 30 },
  password_changed: { ...origin, by: 'reset' },
  new_sign_in: { ...origin, method: 'password' },
  factor_changed: { ...origin, change: 'passkey_enrolled', name: 'Laptop' },
  key_expiring: { ...key, expires_at: at },
  key_leaked: { ...key, url: 'https://github.com/a/b', source: 'commit' },
}
const contents = Object.entries(data).map(([template, data]) => ({ template, data }) as MailContent)
const links: Partial<Record<keyof MailData, string>> = {
  invitation: '/invitations/inv#TOKEN-OF-THE-LINK',
  invitation_of_owner: '/invitations/inv#TOKEN-OF-THE-LINK',
  confirm_address: '/confirm-address#TOKEN-OF-THE-LINK',
  reset_password: '/reset-password#TOKEN-OF-THE-LINK',
  password_changed: '/sign-in',
  new_sign_in: '/profile',
  factor_changed: '/profile',
  key_expiring: '/a/acc/keys/key',
  key_leaked: '/a/acc/keys/key',
}

describe.each(contents)('$template', (content) => {
  const { subject, text, html } = renderMail(content, { baseUrl, token })

  it('has a subject of one line, and the same content as text and HTML', () => {
    expect(subject).toMatch(/^[^\r\n]{5,120}$/)
    const plain = html
      .replace(/<title>.*<\/title>/, '')
      .replace(/<[^>]+>/g, ' ')
      .replaceAll('&lt;', '<')
      .replaceAll('&gt;', '>')
      .replaceAll('&quot;', '"')
      .replaceAll('&#39;', "'")
      .replaceAll('&amp;', '&')
    for (const line of text.split('\n').filter((each) => each.length > 30)) {
      expect(plain).toContain(line)
    }
    expect(text).not.toMatch(/undefined|null|NaN|\[object/)
  })

  it('asks to open one address of ours', () => {
    const link = `${baseUrl}${links[content.template]}`
    expect(linkOf(content, { baseUrl, token })).toBe(link)
    expect(text).toContain(link)
    const hrefs = [...html.matchAll(/href="([^"]*)"/g)].map(([, href]) => href)
    expect(hrefs).toEqual([link])
  })

  it('loads nothing and runs nothing', () => {
    expect(html).not.toMatch(/<(img|script|link|style|iframe|form)|url\(|on\w+=/i)
    expect(html).not.toContain('<i>')
  })
})

describe('a message about several keys', () => {
  it('names the first ten, and says how many others there are', () => {
    const names = Array.from({ length: 10 }, (_, at) => `Key ${at} (1a2b3c4${at}…)`)
    const several = { ...data.key_expiring, key_id: null, count: 25, names: names.join('\n') }
    const content = { template: 'key_expiring', data: several } as const
    const { subject, text, html } = renderMail(content, { baseUrl, token })
    expect(subject).toContain('25 API keys')
    expect(text).toContain(`- Key 0 (1a2b3c40…)\n- Key 1`)
    expect(text).toContain('- and 15 more')
    expect(html.match(/<li>/g)).toHaveLength(11)
    expect(linkOf(content, { baseUrl, token })).toBe(`${baseUrl}/a/acc/keys`)
  })
})

describe('a name that a stranger chose', () => {
  it('is no address that a mail program makes a link of', () => {
    const named = {
      ...data.invitation,
      account: 'evil.example/login',
      inviter: 'https://evil.example',
    }
    const { subject, text, html } = renderMail(
      { template: 'invitation', data: named },
      { baseUrl, token },
    )
    for (const shown of [subject, text, html]) {
      expect(shown).not.toMatch(/evil\.example|https:\/\/evil/)
      expect(shown).toContain('evil.\u2060example')
    }
  })
})

describe('mail.from', () => {
  const binding = () => ({ send: async () => {} })
  it.each(['no-reply@example.com', 'Latchkey <no-reply@example.com>'])('may be %s', (from) => {
    expect(cloudflareMail({ from, binding }).from).toBe(from)
  })

  it.each(['', 'Latchkey', 'a@b\r\nBcc: c@d', '<>'])('stops the Worker at start as %j', (from) => {
    expect(() => cloudflareMail({ from, binding })).toThrow(/mail\.from/)
    expect(() => resendMail({ from, apiKey: () => 'key' })).toThrow(/mail\.from/)
  })
})
