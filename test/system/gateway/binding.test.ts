// An API that is another Worker, behind the gateway by a service binding, under a base of its own.
import assert from 'node:assert/strict'
import { connect } from 'node:net'
import { after, before, describe, it } from 'node:test'
import { startWorkers, type Workers } from './workers.ts'

describe('an upstream by service binding', { timeout: 300_000 }, () => {
  let workers: Workers
  let key: string
  before(async () => {
    workers = await startWorkers('https://app.example.com')
    key = await workers.createKey({ scopes: ['orders:read', 'orders:write'] })
  })
  after(() => workers?.stop())

  const send = (path: string, init: RequestInit = {}, token = key) =>
    fetch(workers.closed + path, { ...init, headers: { ...init.headers, 'x-api-key': token } })

  it('receives the path, the body and the identity, and no credential', async () => {
    const response = await send('/shop/v2/orders?limit=1', { method: 'POST', body: 'an order' })
    assert.equal(response.status, 200)
    const received = await response.json()
    assert.deepEqual(
      [received.method, received.path, received.body],
      ['POST', '/shop/v2/orders', 'an order'],
    )
    assert.equal(received.headers['x-latchkey-scopes'], 'orders:read orders:write')
    assert.match(received.headers['x-latchkey-account'], /^[0-9a-f-]{36}$/)
    assert.ok(!JSON.stringify(received).includes(key))
  })

  it('is not reached without the scope, nor outside the base', async () => {
    const reader = await workers.createKey({ scopes: ['orders:read'] })
    assert.equal((await send('/shop/v2/orders', {}, reader)).status, 200)
    const refused = await send('/shop/v2/orders', { method: 'POST' }, reader)
    assert.equal(`${refused.status} ${(await refused.json()).code}`, '403 insufficient_scope')
    for (const path of ['/api/orders', '/shop/v1/orders', '/shop']) {
      const outside = await send(path)
      assert.equal(`${outside.status} ${(await outside.json()).code}`, '404 not_found', path)
    }
    assert.equal((await send('/api/v1/me')).status, 200)
  })

  it('opens WebSockets', async () => {
    const { hostname, port } = new URL(workers.closed)
    const socket = connect(Number(port), hostname)
    socket.write(
      `GET /shop/v2/orders HTTP/1.1\r\nHost: localhost:${port}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n` +
        `Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nX-API-Key: ${key}\r\n\r\n`,
    )
    const [head] = await new Promise<string[]>((resolve, reject) => {
      socket.once('data', (data) => resolve(String(data).split('\r\n')))
      socket.once('error', reject)
    })
    socket.destroy()
    assert.equal(head, 'HTTP/1.1 101 Switching Protocols')
  })
})
