// An API that is another Worker, behind the gateway by a service binding, under a base of its own.
import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { readConfig } from '../../../scripts/deploy/environment.ts'
import { root } from '../../../scripts/settings.ts'
import { readCors } from '../../../src/core/cors.ts'
import { removeFolder } from '../../support/system/remove-folder.ts'
import { suiteTimeoutMs } from '../../support/system/time-out.ts'
import { startWorkers, type Workers } from './workers.ts'

let workers: Workers
before(
  async () => {
    workers = await startWorkers('https://app.example.com')
  },
  { timeout: suiteTimeoutMs },
)
after(() => workers?.stop())

describe('an upstream by service binding', { timeout: suiteTimeoutMs }, () => {
  let key: string
  before(async () => {
    key = await workers.createKey({ scopes: ['orders:read', 'orders:write'] })
  })

  const send = (path: string, init: RequestInit = {}, token = key) =>
    fetch(workers.closed + path, { ...init, headers: { ...init.headers, 'x-api-key': token } })

  it('receives the path, the body and the identity, and no credential', async () => {
    const response = await send('/shop/v2/orders?limit=1', { method: 'POST', body: 'an order' })
    assert.equal(response.status, 200)
    const received = await response.json()
    assert.deepEqual(
      [received.method, received.path, received.body],
      ['POST', '/shop/v2/orders?limit=1', 'an order'],
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

describe('an upstream that takes the prefix off', { timeout: suiteTimeoutMs }, () => {
  it('calls the API at its own host and path', async () => {
    const key = await workers.createKey()
    const call = async (path: string) => {
      const response = await fetch(workers.prefixed + path, { headers: { 'x-api-key': key } })
      return [response.status, await response.json()] as const
    }
    for (const [path, received] of [
      ['/api/orders?a=%2F&b', '/orders?a=%2F&b'],
      ['/api', '/'],
      ['/api/api/orders', '/api/orders'],
      ['/api/@evil.example', '/@evil.example'],
    ] as const) {
      const [status, body] = await call(path)
      assert.deepEqual([status, body.host, body.path], [200, 'api.example.com', received], path)
    }
    const [status] = await call('/api//evil.example/')
    assert.equal(status, 404)
  })
})

describe('docs/integrate/gateway.md', () => {
  const page = readFileSync(join(root, 'docs', 'integrate', 'gateway.md'), 'utf8')
  const claim = '<!-- run by test/system/gateway/binding.test.ts -->\n'
  const blocks = page
    .split(claim)
    .slice(1)
    .map((rest) => rest.match(/^```\w+\n(.*?)```/s)?.[1] ?? '')
  const [prefix = '', bindings = '', binding = '', cors = ''] = blocks
  const withoutSpace = (text: string) => text.replaceAll(/\s+/g, '')

  it('has the settings of the Worker that this test runs', () => {
    const source = readFileSync(join(import.meta.dirname, 'worker.ts'), 'utf8')
    for (const block of [prefix, binding]) {
      assert.ok(block.startsWith('upstream:'), block)
      assert.ok(withoutSpace(source).includes(withoutSpace(block)), block)
    }
  })

  it('has bindings that wrangler.toml takes, for staging as well', () => {
    const folder = mkdtempSync(join(tmpdir(), 'latchkey-toml-'))
    try {
      const path = join(folder, 'wrangler.toml')
      writeFileSync(path, `${readFileSync(join(root, 'wrangler.toml'), 'utf8')}\n${bindings}`)
      const boundTo = (environment: string | null) =>
        readConfig(environment, path).services?.map(({ binding, service }) => [binding, service])
      assert.deepEqual(boundTo(null), [['API', 'my-api']])
      assert.deepEqual(boundTo('staging'), [['API', 'my-api-staging']])
    } finally {
      removeFolder(folder)
    }
  })

  it('has origins that the configuration takes', () => {
    const input = new Function(`return { ${cors} }`)().cors
    assert.deepEqual(readCors(input), {
      origins: ['https://app.example.com', 'http://localhost:3000'],
      maxAgeSeconds: 600,
    })
  })
})
