// The gateway compared with the API itself: each shape is sent to both, and the request at the API and the
// response must be the same to the byte, except for the headers that a gateway sets.
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { after, before, it } from 'node:test'
import { record, type Seen } from './api.ts'
import { type Answer, type Key, send, signIn } from './client.ts'
import type { Scene } from './scene.ts'
import { type Reply, type Shape, shapes } from './shape-list.ts'

/** Headers of one connection, set by the gateway, or (CF-Worker) by the platform. */
const excludedFromRequest =
  /^(host|connection|transfer-encoding|x-api-key|x-latchkey-.*|x-forwarded-.*|cf-connecting-ip|cf-worker)$/
const excludedFromResponse = /^(date|connection|keep-alive|transfer-encoding|x-request-id)$/

/** Added unless the API sets them: it shares its origin with the dashboard, and answers a credential. */
const gatewayDefaults = {
  'cache-control': 'private',
  'content-security-policy': "default-src 'none'; base-uri 'none'; frame-ancestors 'none'; sandbox",
  'x-content-type-options': 'nosniff',
}

export function testShapes(scene: Scene): void {
  let key: Key
  let reply: Reply = {}
  let seen: Seen | null = null

  before(async () => {
    const { api, latchkey } = scene()
    key = await (await signIn(latchkey.port, latchkey.password)).makeKey()
    api.answer = async (request, response) => {
      seen = await record(request)
      const { status = 200, statusMessage, headers = [], body = '' } = reply
      const [first = Buffer.alloc(0), ...rest] = Array.isArray(body) ? body : [body]
      if (statusMessage) response.statusMessage = statusMessage
      response.writeHead(status, headers.flat())
      for (const part of rest.length > 0 ? [first, ...rest.slice(0, -1)] : []) response.write(part)
      response.end(rest.length > 0 ? rest.at(-1) : first)
    }
  })
  after(() => {
    scene().api.answer = null
  })

  async function exchange(port: number, shape: Shape): Promise<{ seen: Seen; answer: Answer }> {
    reply = shape.reply ?? { headers: [['Content-Type', 'text/plain']], body: 'seen' }
    seen = null
    const headers = { ...(shape.send?.headers as object), 'X-API-Key': key.key }
    const answer = await send(port, shape.path ?? '/api/contacts', { ...shape.send, headers })
    if (seen === null)
      throw new Error(`The request did not reach the API: ${answer.status} ${answer.text}`)
    return { seen, answer }
  }

  for (const shape of shapes) {
    it(`passes ${shape.name}`, async () => {
      const direct = await exchange(scene().api.port, shape)
      const passed = await exchange(scene().latchkey.port, shape)
      assert.deepEqual(requestOf(passed.seen), requestOf(direct.seen))
      const expected = answerOf(direct.answer)
      const vary = [expected.headers.vary, 'Authorization, X-API-Key'].filter(Boolean).join(', ')
      const headers = { ...gatewayDefaults, ...expected.headers, vary }
      assert.deepEqual(answerOf(passed.answer), { ...expected, headers })
    })
  }
}

function requestOf({ method, url, rawHeaders, body }: Seen) {
  return { method, url, body: digestOf(body), headers: headersOf(rawHeaders, excludedFromRequest) }
}

function answerOf({ status, statusMessage, rawHeaders, bytes }: Answer) {
  return {
    status,
    statusMessage,
    body: digestOf(bytes),
    headers: headersOf(rawHeaders, excludedFromResponse),
  }
}

/** Short, so that a difference is readable. */
function digestOf(bytes: Buffer): string {
  return `${bytes.length} bytes, ${createHash('sha256').update(bytes).digest('hex')}`
}

/** Names in any case and order (RFC 9110 5.1, 5.3); values of one name in order, joined or not. */
function headersOf(raw: string[], left: RegExp): Record<string, string> {
  const headers: Record<string, string> = {}
  for (let at = 0; at < raw.length; at += 2) {
    const name = raw[at]?.toLowerCase() ?? ''
    const value = raw[at + 1] ?? ''
    // Workers send Content-Length: 0 where a client may omit it (RFC 9110 8.6).
    if (left.test(name) || (name === 'content-length' && value === '0')) continue
    headers[name] = name in headers ? `${headers[name]}, ${value}` : value
  }
  return Object.fromEntries(Object.entries(headers).sort())
}
