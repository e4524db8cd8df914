// Denials through a proxy: a reached limit, an outage of the stores, Latchkey unreachable; and client addresses,
// which only a listed proxy may report.
import assert from 'node:assert/strict'
import { after, afterEach, before, beforeEach, it } from 'node:test'
import { freePort } from '../../../scripts/free-port.ts'
import { type Key, type Owner, send, signIn } from './client.ts'
import type { Program } from './programs.ts'
import type { Scene, Start } from './scene.ts'

export function testDenials(scene: Scene, start: Start): void {
  let proxy: Program
  let owner: Owner
  let reader: Key

  const simulate = (what: string) => send(scene().latchkey.port, `/__simulate/${what}`)

  before(async () => {
    const { api, latchkey, folder } = scene()
    proxy = await start(`${folder}/${start.name}-2`, { latchkey: latchkey.port, api: api.port })
    owner = await signIn(latchkey.port, latchkey.password)
    reader = await owner.makeKey({ scopes: ['contacts:read'] })
  })
  after(() => proxy.stop())
  beforeEach(() => {
    scene().api.seen.length = 0
  })
  afterEach(() => simulate('nothing'))

  const request = (key: string, headers: object = {}) =>
    send(proxy.port, '/api/contacts', { headers: { 'X-API-Key': key, ...headers } })

  const hour = 60 * 60
  const limits = {
    rate_limited: [{ rate_limit: { limit: 1, window_seconds: hour } }, [hour - 5, hour]],
    credits_exhausted: [{ credits: { remaining: 1 } }, [hour, hour]],
  } as const

  for (const [code, [limited, [least, most]]] of Object.entries(limits)) {
    it(`returns 429 ${code} with its problem and Retry-After`, async () => {
      const { key } = await owner.makeKey({ scopes: ['contacts:read'], ...limited })
      assert.equal((await request(key)).status, 200)
      const denied = await request(key)
      assertDenied(denied, `429 ${code}`)
      const seconds = Number(denied.headers['retry-after'])
      assert.ok(seconds >= least && seconds <= most, `${seconds} s`)
      const windows = code === 'rate_limited' ? `"default";r=0;t=${seconds}` : undefined
      assert.equal(denied.headers.ratelimit, windows)
      assert.equal(scene().api.seen.length, 1)
    })
  }

  it('returns 503 with its problem and Retry-After', async () => {
    assert.equal((await request(reader.key)).status, 200)
    await simulate('outage')
    const denied = await request(reader.key)
    assertDenied(denied, '503 authority_unavailable')
    assert.equal(denied.headers['retry-after'], '1')
    assert.equal(scene().api.seen.length, 1)
  })

  it('checks allowed_ips against the address that the proxy reports, not against spoofed headers', async () => {
    const here = await owner.makeKey({ scopes: ['contacts:read'], allowed_ips: ['127.0.0.1'] })
    const there = await owner.makeKey({ scopes: ['contacts:read'], allowed_ips: ['203.0.113.7'] })
    const spoofed = {
      'X-Client-Address': '203.0.113.7',
      'X-Forwarded-For': '203.0.113.7',
      'X-Real-IP': '203.0.113.7',
      'CF-Connecting-IP': '203.0.113.7',
    }
    assert.equal((await request(here.key, spoofed)).status, 200)
    const { status, json } = await request(there.key, spoofed)
    assert.equal(`${status} ${json.code}`, '403 ip_not_allowed')
  })

  it('denies when Latchkey is unreachable', async () => {
    const { api, folder } = scene()
    const ports = { latchkey: await freePort(), api: api.port }
    const unconnected = await start(`${folder}/${start.name}-3`, ports)
    try {
      const { status } = await send(unconnected.port, '/api/contacts', {
        headers: { 'X-API-Key': reader.key },
      })
      assert.ok(status === 502 || status === 503, `${status}`)
      assert.deepEqual(api.seen, [])
    } finally {
      await unconnected.stop()
    }
  })
}

function assertDenied(
  { status, json, headers }: Awaited<ReturnType<typeof send>>,
  expected: string,
) {
  assert.equal(`${status} ${json?.code}`, expected)
  assert.equal(headers['content-type'], 'application/problem+json')
  assert.equal(headers['x-request-id'], json.request_id)
}
