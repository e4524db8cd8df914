// Requests as Envoy's ext_authz sends them: the client's method, and its path after the prefix.
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

  const request = (method: string, path: string, key?: string, headers: object = {}) =>
    send(scene().latchkey.port, `/forward-auth/envoy/crm${path}`, {
      method,
      headers: { 'Content-Length': 0, ...(key && { 'X-API-Key': key }), ...headers },
    })

  it('responds exactly 200, with the identity headers, to GET, HEAD and POST', async () => {
    const { key } = await (await signIn(scene().latchkey.port, scene().latchkey.password)).makeKey({
      scopes: ['contacts:read', 'contacts:write'],
    })
    for (const method of ['GET', 'HEAD', 'POST']) {
      const { status, headers, text } = await request(method, '/api/contacts?a=b', key)
      assert.equal(status, 200, `${method} ${text}`)
      for (const name of ['account', 'key-id', 'user', 'scopes', 'external-id', 'request-id']) {
        assert.ok(headers[`x-latchkey-${name}`], name)
      }
    }
  })

  it('denies by method and path, and ignores the headers of other proxies', async () => {
    const spoofed = {
      'X-Original-Method': 'GET',
      'X-Original-URI': '/api/contacts',
      'X-Forwarded-Method': 'GET',
      'X-Forwarded-Uri': '/api/contacts',
    }
    assert.equal((await request('DELETE', '/api/contacts', reader.key, spoofed)).status, 403)
    assert.equal((await request('GET', '/api/messages', reader.key, spoofed)).status, 403)
    assert.equal((await request('GET', '/api/contacts', undefined, spoofed)).status, 401)
  })

  it('denies ambiguous paths', async () => {
    for (const path of ['/api/contacts%2f..%2fmessages', '/api/%252e%252e/x', '/api/contacts;a']) {
      assert.equal((await request('GET', path, full.key)).status, 403, path)
    }
  })

  it('denies a path that leaves the prefix when Envoy names its endpoint', async () => {
    const headers = { 'X-Latchkey-Forward-Auth': 'envoy/crm' }
    assert.equal((await request('GET', '/api/contacts', reader.key, headers)).status, 200)
    for (const path of [
      '/../../../healthz',
      '/../../nginx/crm',
      '/%2e%2e/%2e%2e/%2e%2e/healthz',
      '/..\\..\\..\\healthz',
      '/../../../forward-auth/envoy/crm2/api/contacts',
    ]) {
      const { status, text } = await request('GET', path, full.key, headers)
      assert.equal(status, 403, `${path}: ${text}`)
    }
  })
}
