// Webhooks over real HTTP: `npm start`, workerd's own queue, and a receiver that verifies messages with the
// reference library. `npm run test:system`; it takes about two minutes.
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { freePort } from '../../../scripts/free-port.ts'
import { until } from '../../support/system/until.ts'
import { runDocumented } from './docs.ts'
import { type Latchkey, startLatchkey } from './latchkey.ts'
import { type Receiver, startReceiver } from './receiver.ts'

const stateDir = mkdtempSync(join(tmpdir(), 'latchkey-webhooks-'))
const port = await freePort()
let latchkey: Latchkey
let receiver: Receiver

before(async () => {
  latchkey = await startLatchkey(port, stateDir)
  receiver = await startReceiver()
})

after(async () => {
  await latchkey.stop()
  await receiver.stop()
  rmSync(stateDir, { recursive: true, force: true })
})

type Endpoint = { id: string; secret: string }

async function endpointAt(path: string, events?: string[]): Promise<Endpoint> {
  const body = { url: receiver.origin + path, ...(events && { events }) }
  return latchkey.request('POST', '/api/webhook-endpoints', body)
}

const newKey = (name: string) => latchkey.request('POST', '/api/api-keys', { name })
const remove = ({ id }: Endpoint) => latchkey.request('DELETE', `/api/webhook-endpoints/${id}`)
const logOf = ({ id }: Endpoint) =>
  latchkey.request('GET', `/api/webhook-endpoints/${id}/deliveries`)
const test = ({ id }: Endpoint) => latchkey.request('POST', `/api/webhook-endpoints/${id}/test`)

describe('webhooks', () => {
  it('report creation, update, rotation and revocation of a key, signed by the secret of the endpoint only', async () => {
    const endpoint = await endpointAt('/life')
    const other = await endpointAt('/other', ['key.leaked'])
    const key = await newKey('Life 🔑')
    await latchkey.request('PATCH', `/api/api-keys/${key.id}`, { name: 'Renamed' })
    const rotated = await latchkey.request('POST', `/api/api-keys/${key.id}/rotate`, {})
    await latchkey.request('DELETE', `/api/api-keys/${rotated.id}`)
    await until(() => receiver.at('/life').length === 4)
    const arrived = receiver.at('/life')
    const types = arrived.map(({ body }) => body.type).sort()
    assert.deepEqual(types, ['key.created', 'key.revoked', 'key.rotated', 'key.updated'])
    for (const arrival of arrived) {
      assert.ok(arrival.isSignedBy(endpoint.secret))
      assert.ok(!arrival.isSignedBy(other.secret))
      assert.ok(!arrival.text.includes(key.key))
      assert.equal(
        arrival.body.data.key.id,
        arrival.body.type === 'key.revoked' ? rotated.id : key.id,
      )
    }
    assert.equal(new Set(arrived.map(({ id }) => id)).size, 4)
    await Promise.all([endpoint, other].map(remove))
  })

  it('are retried by the queue after 5 s, with the same id', async () => {
    const endpoint = await endpointAt('/again', ['key.created'])
    receiver.answers.set('/again', (response) => {
      response.writeHead(receiver.at('/again').length === 1 ? 500 : 200).end('x')
    })
    await newKey('Again')
    await until(() => receiver.at('/again').length === 2)
    const [first, second] = receiver.at('/again')
    assert.ok(first && second)
    assert.equal(first.id, second.id)
    assert.equal(first.text, second.text)
    assert.ok(first.isSignedBy(endpoint.secret) && second.isSignedBy(endpoint.secret))
    const waited = second.at - first.at
    assert.ok(waited >= 4_900 && waited < 12_000, `${waited} ms`)
    await until(async () => (await logOf(endpoint))[0].status === 'delivered')
    await remove(endpoint)
  })

  it('follow no redirect, time out after 20 s, and do not read an endless response', async () => {
    const [redirect, silent, endless] = [
      await endpointAt('/redirect'),
      await endpointAt('/silent'),
      await endpointAt('/endless'),
    ]
    receiver.answers.set('/redirect', (response) => {
      response.writeHead(302, { location: `${receiver.origin}/followed` }).end()
    })
    receiver.answers.set('/silent', () => {})
    let bytes = 0
    receiver.answers.set('/endless', (response) => {
      response.writeHead(200)
      const chunk = Buffer.alloc(64 * 1024)
      const pour = () => {
        while (!response.destroyed && response.write(chunk)) bytes += chunk.length
      }
      response.on('drain', pour)
      pour()
    })
    const startedAt = Date.now()
    for (const endpoint of [redirect, silent, endless]) await test(endpoint)
    const ended = async (endpoint: Endpoint) => {
      await until(async () => (await logOf(endpoint))[0].status !== 'pending')
      const { status, last_status, last_error } = (await logOf(endpoint))[0]
      return [status, last_status, last_error]
    }
    const followed = 'Answered 302: redirects are not followed'
    assert.deepEqual(await ended(redirect), ['failed', 302, followed])
    assert.deepEqual(await ended(endless), ['delivered', 200, null])
    await receiver.at('/endless')[0]?.closed
    assert.ok(bytes < 32 * 1024 * 1024, `${bytes} bytes`)
    assert.deepEqual(await ended(silent), ['failed', null, 'No answer within 20 s'])
    const took = Date.now() - startedAt
    assert.ok(took >= 19_000, `${took} ms`)
    assert.equal(receiver.at('/followed').length, 0)
    await Promise.all([redirect, silent, endless].map(remove))
  })

  it('are signed by both secrets during a rotation', async () => {
    const endpoint = await endpointAt('/rotated')
    const rotated = await latchkey.request(
      'POST',
      `/api/webhook-endpoints/${endpoint.id}/rotate-secret`,
      { overlap_seconds: 60 },
    )
    await test(endpoint)
    await until(() => receiver.at('/rotated').length === 1)
    const [arrival] = receiver.at('/rotated')
    assert.ok(arrival?.isSignedBy(endpoint.secret) && arrival.isSignedBy(rotated.secret))
    await remove(endpoint)
  })

  it('are verified by the receiver of docs/webhooks.md, which rejects a forged one', async () => {
    const own = await freePort()
    const url = `http://localhost:${own}/`
    const endpoint: Endpoint = await latchkey.request('POST', '/api/webhook-endpoints', { url })
    const documented = await runDocumented(own, endpoint.secret)
    await newKey('As documented')
    await until(() => documented.output() !== '')
    const forged = await fetch(url, {
      method: 'POST',
      headers: {
        'webhook-id': 'x',
        'webhook-timestamp': String(Math.floor(Date.now() / 1000)),
        'webhook-signature': 'v1,AAAA',
      },
      body: '{"type":"forged","data":{}}',
    })
    assert.equal(forged.status, 400)
    assert.equal(documented.output(), 'key.created As documented\n')
    await remove(endpoint)
    await documented.stop()
  })

  it('are sent from the outbox after SIGKILL of Latchkey, whose queue is lost', async () => {
    const endpoint = await endpointAt('/restart', ['key.created', 'key.revoked'])
    const receiverPort = receiver.port
    await receiver.stop()
    const key = await newKey('Restart')
    await latchkey.request('DELETE', `/api/api-keys/${key.id}`)
    await latchkey.stop('SIGKILL')
    receiver = await startReceiver(receiverPort)
    latchkey = await startLatchkey(port, stateDir)
    assert.equal(receiver.at('/restart').length, 0)
    await until(async () => {
      await latchkey.drain()
      await sleep(2_000)
      return receiver.at('/restart').length >= 2
    }, 180_000)
    const arrived = receiver.at('/restart')
    assert.deepEqual(arrived.map(({ body }) => body.type).sort(), ['key.created', 'key.revoked'])
    for (const arrival of arrived) assert.ok(arrival.isSignedBy(endpoint.secret))
    const [delivery] = await logOf(endpoint)
    const resend = `/api/webhook-endpoints/${endpoint.id}/deliveries/${delivery.id}/resend`
    await latchkey.request('POST', resend)
    await until(() => receiver.at('/restart').length === 3)
    const ids = receiver.at('/restart').map(({ id }) => id)
    assert.equal(new Set(ids).size, 2)
    assert.equal(ids[2], delivery.event_id)
  })
})
