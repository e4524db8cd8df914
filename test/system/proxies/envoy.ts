// Envoy's dialect as Envoy speaks it: the client's method, and its path after the prefix.
import assert from 'node:assert/strict'
import { before, it } from 'node:test'
import { type Key, send, signIn } from './client.ts'
import type { Scene } from './scene.ts'

export function testEnvoy(scene: Scene): void {
  let reader: Key
  let full: Key

  before(async () => {
    const { latchkey } = scene()
    const owner = await signIn(latchkey.port, latchkey.password)
    reader = await owner.makeKey({ scopes: ['contacts:read'] })
    full = await owner.makeKey()
  })

  const ask = (method: string, path: string, key?: string, headers: object = {}) =>
    send(scene().latchkey.port, `/forward-auth/envoy/crm${path}`, {
      method,
      headers: { 'Content-Length': 0, ...(key && { 'X-API-Key': key }), ...headers },
    })

  it('is answered exactly 200, with the identity, for GET, HEAD and POST alike', async () => {
    const { key } = await (await signIn(scene().latchkey.port, scene().latchkey.password)).makeKey({
      scopes: ['contacts:read', 'contacts:write'],
    })
    for (const method of ['GET', 'HEAD', 'POST']) {
      const { status, headers, text } = await ask(method, '/api/contacts?a=b', key)
      assert.equal(status, 200, `${method} ${text}`)
      for (const name of ['account', 'key-id', 'user', 'scopes', 'request-id']) {
        assert.ok(headers[`x-latchkey-${name}`], name)
      }
    }
  })

  it('is refused by method and by path, whatever other families say', async () => {
    const lies = {
      'X-Original-Method': 'GET',
      'X-Original-URI': '/api/contacts',
      'X-Forwarded-Method': 'GET',
      'X-Forwarded-Uri': '/api/contacts',
    }
    assert.equal((await ask('DELETE', '/api/contacts', reader.key, lies)).status, 403)
    assert.equal((await ask('GET', '/api/messages', reader.key, lies)).status, 403)
    assert.equal((await ask('GET', '/api/contacts', undefined, lies)).status, 401)
  })

  it('is refused for crooked paths', async () => {
    for (const path of ['/api/contacts%2f..%2fmessages', '/api/%252e%252e/x', '/api/contacts;a']) {
      assert.equal((await ask('GET', path, full.key)).status, 403, path)
    }
  })

  it('cannot be led out of its prefix once Envoy says where it asks', async () => {
    const headers = { 'X-Latchkey-Forward-Auth': 'envoy/crm' }
    assert.equal((await ask('GET', '/api/contacts', reader.key, headers)).status, 200)
    for (const path of [
      '/../../../healthz',
      '/../../nginx/crm',
      '/%2e%2e/%2e%2e/%2e%2e/healthz',
      '/..\\..\\..\\healthz',
      '/../../../forward-auth/envoy/crm2/api/contacts',
    ]) {
      const { status, text } = await ask('GET', path, full.key, headers)
      assert.equal(status, 403, `${path}: ${text}`)
    }
  })
}
