// A proxy in front of something that gives no verdict: stopped, hanging, or another server in Latchkey's place. That is the
// server's own failure: the client gets a 5xx, never a 401 that would make it throw its key away, and nothing passes.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { after, before, beforeEach, it } from 'node:test'
import type { Api } from './api.ts'
import { send } from './client.ts'
import type { Program } from './programs.ts'
import type { Start } from './scene.ts'

const maxMs = 8_000

const html = { 'content-type': 'text/html' }

/** What stands in Latchkey's place. */
const impostors: Record<string, (response: ServerResponse) => void> = {
  'hangs before its answer': () => {},
  'closes the connection': (response) => response.destroy(),
  'does not know the policy': (response) =>
    response.writeHead(404, { 'content-type': 'application/problem+json' }).end('{}'),
  'redirects to a sign-in': (response) => response.writeHead(302, { location: '/login' }).end(),
  'has an error': (response) => response.writeHead(500, html).end(),
  'is overloaded, says its CDN': (response) => response.writeHead(503, html).end(),
  'asks for a password, as another server does': (response) =>
    response.writeHead(401, { ...html, 'www-authenticate': 'Basic' }).end('<p>Who are you?'),
  'forbids, as a firewall does': (response) => response.writeHead(403, html).end('<p>No'),
}

/** nginx knows status codes alone: its API must require X-Latchkey-Account (docs/integrate/nginx.md). */
const passes = 'answers 200 without an identity'

export function testFailures(scene: () => { api: Api; folder: string }, start: Start): void {
  let impostor: Server
  let proxy: Program
  let answer: (response: ServerResponse) => void = () => {}

  before(async () => {
    impostor = createServer((_, response) => answer(response)).listen(0, '127.0.0.1')
    await once(impostor, 'listening')
    const { api, folder } = scene()
    const latchkey = (impostor.address() as AddressInfo).port
    answer = (response) => response.writeHead(404).end()
    proxy = await start(`${folder}/${start.name}-4`, { latchkey, api: api.port })
  })
  after(async () => {
    await proxy.stop()
    impostor.closeAllConnections()
    impostor.close()
  })
  beforeEach(() => {
    scene().api.seen.length = 0
  })

  async function expectFailure(name: string): Promise<void> {
    const startedAt = Date.now()
    const { status } = await send(proxy.port, '/api/contacts', { headers: { 'X-API-Key': 'any' } })
    assert.ok(status >= 500 && status <= 504, `${name}: ${status}`)
    assert.deepEqual(scene().api.seen, [])
    assert.ok(Date.now() - startedAt < maxMs)
  }

  for (const [name, of] of Object.entries(impostors)) {
    it(`answers 5xx when it ${name}`, async () => {
      answer = of
      await expectFailure(name)
    })
  }

  if (start.name !== 'startNginx') {
    it(`answers 5xx when it ${passes}`, async () => {
      answer = (response) => response.writeHead(200, html).end('<p>Welcome')
      await expectFailure(passes)
    })
  }

  it('answers 5xx when it has stopped', async () => {
    impostor.closeAllConnections()
    impostor.close()
    await expectFailure('has stopped')
  })
}
