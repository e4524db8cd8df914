// The makers of `mail` against programs: an HTTP receiver on this machine, and the binding of wrangler's local mode.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { after, describe, it } from 'node:test'
import { convertV4MiniflareOptions, Log, LogLevel, Miniflare } from 'miniflare'
import type { MailMessage } from '../../../src/core/mail.ts'
import {
  cloudflareMail,
  type EmailBinding,
  resendMail,
} from '../../../src/identity/mail/providers.ts'
import { until } from '../../support/system/until.ts'

const from = 'Latchkey <no-reply@example.com>'
const message: MailMessage = {
  ...{ id: '2f1d6a4e-0000-4000-8000-000000000001', from, to: 'person@example.com' },
  ...{
    subject: 'Invitation to Åcme',
    text: 'Text: https://keys.example.com/#TOKEN',
    html: '<p>HTML</p>',
  },
}

describe('resendMail', () => {
  type Received = { headers: IncomingMessage['headers']; method: string; url: string; body: string }
  const received: Received[] = []
  let answer = { status: 200, headers: {}, body: '{"id":"1"}' }
  const server = createServer(async (request, response) => {
    let body = ''
    for await (const chunk of request) body += chunk
    const { headers, method = '', url = '' } = request
    received.push({ headers, method, url, body })
    response.writeHead(answer.status, answer.headers).end(answer.body)
  })
  after(() => server.close())

  async function openMail() {
    if (!server.listening) await once(server.listen(0, '127.0.0.1'), 'listening')
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/emails`
    received.length = 0
    return resendMail<{ KEY: string }>({ from, apiKey: ({ KEY }) => KEY, url })
  }

  it('posts the message with the key, and its id as Idempotency-Key', async () => {
    const mail = await openMail()
    answer = { status: 200, headers: {}, body: '{"id":"1"}' }
    await mail.send(message, { KEY: 're_key' })
    await mail.send(message, { KEY: 're_key' })
    assert.equal(received.length, 2)
    for (const { headers, method, url, body } of received) {
      assert.deepEqual([method, url], ['POST', '/emails'])
      assert.equal(headers.authorization, 'Bearer re_key')
      assert.equal(headers['content-type'], 'application/json')
      assert.equal(headers['idempotency-key'], message.id)
      const { subject, text, html } = message
      assert.deepEqual(JSON.parse(body), { from, to: ['person@example.com'], subject, text, html })
    }
  })

  it('fails with the status and the beginning of the answer', async () => {
    const mail = await openMail()
    answer = { status: 422, headers: {}, body: `{"message":"invalid from"}${'x'.repeat(5_000)}` }
    await assert.rejects(mail.send(message, { KEY: 're_key' }), (error: Error) => {
      assert.match(error.message, /answered 422: {"message":"invalid from"}/)
      assert.ok(error.message.length < 400)
      return true
    })
  })

  it('gives its key to no other address', async () => {
    const mail = await openMail()
    answer = { status: 307, headers: { location: '/elsewhere' }, body: '' }
    await assert.rejects(mail.send(message, { KEY: 're_key' }), /answered 307/)
    assert.deepEqual(
      received.map(({ url }) => url),
      ['/emails'],
    )
  })

  it('says that its key is not set', async () => {
    const mail = await openMail()
    await assert.rejects(mail.send(message, { KEY: '' }), /API key .* is not set/)
    assert.deepEqual(received, [])
  })
})

describe('cloudflareMail', () => {
  class Lines extends Log {
    readonly lines: string[] = []
    constructor() {
      super(LogLevel.INFO)
    }
    override log(line: string): void {
      this.lines.push(line)
    }
  }

  async function openBinding(more: { allowed_sender_addresses?: string[] } = {}) {
    const log = new Lines()
    const worker = {
      ...{ modules: true, script: 'export default {}', compatibilityDate: '2026-10-01' },
      email: { send_email: [{ name: 'EMAIL', ...more }] },
    }
    const options = convertV4MiniflareOptions({ workers: [worker] } as never)
    const miniflare = new Miniflare({ ...options, log })
    after(() => miniflare.dispose())
    const env = await miniflare.getBindings<{ EMAIL: EmailBinding }>()
    return { env, log, mail: cloudflareMail<typeof env>({ from, binding: ({ EMAIL }) => EMAIL }) }
  }

  it('sends text and HTML through the binding, which writes them to files', async () => {
    const { env, log, mail } = await openBinding()
    await mail.send(message, env)
    const fileOf = (kind: string) =>
      new RegExp(`^${kind}: (\\S+)`, 'm').exec(log.lines.join('\n'))?.[1]
    await until(() => fileOf('HTML'))
    const told = log.lines.join('\n')
    assert.match(told, /no-reply@example\.com/)
    assert.match(told, /person@example\.com/)
    assert.match(told, /Invitation to Åcme/)
    assert.equal(readFileSync(fileOf('Text') ?? '', 'utf8'), message.text)
    assert.equal(readFileSync(fileOf('HTML') ?? '', 'utf8'), message.html)
  })

  it('fails where the binding does', async () => {
    const { env, mail } = await openBinding({ allowed_sender_addresses: ['other@example.com'] })
    await assert.rejects(mail.send(message, env), /no-reply@example\.com not allowed/)
  })
})
