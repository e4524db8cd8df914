// The gateway streams bodies: no part is delayed, no body is buffered whole, and a closed connection is passed on.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { type ClientRequest, type IncomingMessage, request, type ServerResponse } from 'node:http'
import { afterEach, before, it } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { type Key, send, signIn } from './client.ts'
import { megabytesOf, resetPeak, workerdPid } from './memory.ts'
import type { Scene } from './scene.ts'

const megabyte = 1 << 20
const bigMegabytes = 256
// Half of what a buffered body would take: the garbage of a busy isolate was 66 MB once.
const maxGrowthMegabytes = 128

export function testStreams(scene: Scene): void {
  let key: Key

  before(async () => {
    const { latchkey } = scene()
    key = await (await signIn(latchkey.port, latchkey.password)).makeKey()
  })
  afterEach(() => {
    scene().api.answer = null
  })

  function open(method: string, path = '/api/stream'): ClientRequest {
    const { port } = scene().latchkey
    const headers = { 'X-API-Key': key.key }
    return request({
      host: '127.0.0.1',
      port,
      method,
      path,
      headers,
      agent: false,
      timeout: 20_000,
    })
  }

  /** The request at the API, as soon as its headers have arrived. */
  function arrival(): Promise<{ incoming: IncomingMessage; reply: ServerResponse }> {
    return new Promise((resolve) => {
      scene().api.answer = (incoming, reply) => resolve({ incoming, reply })
    })
  }

  it('forwards an upload while it is being sent', async () => {
    const arrived = arrival()
    const outgoing = open('POST')
    outgoing.write('first')
    const { incoming, reply } = await arrived
    const parts = reader(incoming)
    assert.equal(await parts(), 'first')
    outgoing.write('second')
    assert.equal(await parts(), 'second')
    outgoing.end()
    assert.equal(await parts(), null)
    reply.end()
    const [response] = await once(outgoing, 'response')
    assert.equal(response.statusCode, 200)
    response.resume()
  })

  it('forwards server-sent events one by one', async () => {
    const arrived = arrival()
    const outgoing = open('GET').end()
    const { reply } = await arrived
    reply.writeHead(200, { 'Content-Type': 'text/event-stream' })
    for (const event of ['data: 1\n\n', 'data: 2\n\n', 'data: 3\n\n']) reply.write(event)
    const [response] = await once(outgoing, 'response')
    assert.equal(response.headers['content-type'], 'text/event-stream')
    const parts = reader(response)
    for (let text = ''; !text.includes('data: 3'); ) text += await parts()
    for (const event of ['data: 4\n\n', 'data: 5\n\n']) {
      reply.write(event)
      assert.equal(await parts(), event)
    }
    reply.end()
    assert.equal(await parts(), null)
  })

  it(`streams ${bigMegabytes} MB each way without buffering them`, async (t) => {
    const pid = workerdPid()
    await send(scene().latchkey.port, '/api/warm', { headers: { 'X-API-Key': key.key } })
    const before = megabytesOf(pid, 'VmRSS')
    resetPeak(pid)
    scene().api.answer = (incoming, reply) => incoming.pipe(reply)
    const outgoing = open('POST')
    const sent = pour(outgoing)
    const [response] = await once(outgoing, 'response')
    let bytes = 0
    for await (const part of response) bytes += part.length
    await sent
    const growth = megabytesOf(pid, 'VmHWM') - before
    t.diagnostic(`workerd grew by ${growth.toFixed(0)} MB at its peak`)
    assert.equal(bytes, bigMegabytes * megabyte)
    assert.ok(growth < maxGrowthMegabytes, `workerd grew by ${growth.toFixed(0)} MB`)
  })

  it('applies the backpressure of a slow client to the API', async () => {
    const arrived = arrival()
    const outgoing = open('GET').end()
    const { reply } = await arrived
    let written = 0
    const chunk = Buffer.alloc(megabyte)
    const responded = once(outgoing, 'response')
    reply.on('error', () => {})
    while (written < bigMegabytes && reply.write(chunk)) written++
    const [response] = await responded
    response.pause()
    for (let idle = 0; idle < 5 && written < bigMegabytes; ) {
      const drained = await Promise.race([once(reply, 'drain').then(() => true), sleep(100, false)])
      if (drained) reply.write(chunk) && written++
      else idle++
    }
    outgoing.destroy()
    assert.ok(
      written < maxGrowthMegabytes,
      `${written} MB were buffered that the client had not read`,
    )
  })

  it('proxies a WebSocket with the identity headers of the account', async () => {
    const { port } = scene().latchkey
    const options = { headers: { 'x-api-key': key.key }, protocols: ['chat'] }
    const socket = new WebSocket(`ws://127.0.0.1:${port}/api/socket`, options as never)
    const received: string[] = []
    socket.addEventListener('message', ({ data }) => received.push(String(data)))
    await once(socket, 'open')
    assert.equal(socket.protocol, 'chat')
    for (const word of ['one', 'two', 'three']) {
      socket.send(word)
      await once(socket, 'message')
    }
    socket.close()
    assert.match(received.join(' '), /^[\w-]{36}: one [\w-]{36}: two [\w-]{36}: three$/)
  })

  it('opens no WebSocket without a key', async () => {
    const socket = new WebSocket(`ws://127.0.0.1:${scene().latchkey.port}/api/socket`)
    const outcome = await Promise.race([
      once(socket, 'error').then(() => 'refused'),
      once(socket, 'open').then(() => 'opened'),
    ])
    assert.equal(outcome, 'refused')
  })

  it('aborts the request to the API when the client disconnects before the response', async () => {
    const arrived = arrival()
    const outgoing = open('GET').end()
    outgoing.on('error', () => {})
    const { reply } = await arrived
    const closed = once(reply, 'close')
    // After FIN the client may still read; a reset (RST) closes both directions.
    outgoing.socket?.resetAndDestroy()
    await Promise.race([closed, late('The connection to the API stayed open.')])
  })

  it('aborts the response of the API when the client disconnects midway', async () => {
    const arrived = arrival()
    const outgoing = open('GET').end()
    outgoing.on('error', () => {})
    const { reply } = await arrived
    reply.write('begun')
    const [response] = await once(outgoing, 'response')
    response.on('error', () => {})
    await once(response, 'data')
    const closed = once(reply, 'close')
    outgoing.destroy()
    const beat = setInterval(() => reply.write('more'), 20)
    await Promise.race([closed, late('The API could still write.')]).finally(() =>
      clearInterval(beat),
    )
  })

  it('responds 504 when the API does not start a response in time, and closes its connection', async () => {
    const arrived = arrival()
    const pending = send(scene().latchkey.port, '/api/slow', { headers: { 'X-API-Key': key.key } })
    const { reply } = await arrived
    const closed = once(reply, 'close')
    const { status, json } = await pending
    assert.equal(`${status} ${json.code}`, '504 upstream_timeout')
    await Promise.race([closed, late('The connection to the API stayed open.')])
  })

  it('responds 502 when the API closes the connection', async () => {
    scene().api.answer = (incoming) => incoming.socket.destroy()
    const { status, json } = await send(scene().latchkey.port, '/api/gone', {
      headers: { 'X-API-Key': key.key },
    })
    assert.equal(`${status} ${json.code}`, '502 upstream_unavailable')
  })

  it('forwards an upload that takes longer than the response timeout of the API', async () => {
    const arrived = arrival()
    const outgoing = open('POST')
    outgoing.write('slow')
    const { incoming, reply } = await arrived
    incoming.resume()
    await sleep(2_000)
    outgoing.end()
    await once(incoming, 'end')
    reply.end('taken')
    const [response] = await once(outgoing, 'response')
    assert.equal(response.statusCode, 200)
    response.resume()
  })
}

/** Returns the next part of a body as it arrives; null at its end. */
function reader(body: IncomingMessage): () => Promise<string | null> {
  const parts = body[Symbol.asyncIterator]()
  return async () => {
    const { value, done } = await parts.next()
    return done ? null : String(value)
  }
}

async function pour(outgoing: ClientRequest): Promise<void> {
  const chunk = Buffer.alloc(megabyte, 'x')
  for (let at = 0; at < bigMegabytes; at++) {
    if (!outgoing.write(chunk)) await once(outgoing, 'drain')
  }
  outgoing.end()
}

async function late(sentence: string): Promise<never> {
  // Shorter than the timeout of the gateway.
  await sleep(1_000, null, { ref: false })
  throw new Error(sentence)
}
