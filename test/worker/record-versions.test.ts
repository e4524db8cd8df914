// Values of KV that are no whole record of this version count as absent, and are replaced.
import { env } from 'cloudflare:workers'
import { beforeEach, describe, expect, it } from 'vitest'
import type { KeyRecord } from '../../src/core/record.ts'
import { digestOf } from '../../src/core/token.ts'
import { type Account, type MadeKey, makeKey, openAccount } from '../support/account.ts'
import { createTestApp } from '../support/test-app.ts'

type Stored = { v: number; at: number; record: Partial<KeyRecord> }

let account: Account
let key: MadeKey
let name: string
let stored: Stored

const customer = { external_id: 'customer-42', metadata: { plan: 'gold' } }
const body = { ...customer, scopes: [], allowed_ips: ['192.0.2.1'], format: 'wacrm_test' }

/** By a new isolate: what it tells of the key, and where it found the record. */
async function verified(code: string) {
  const isolate = await createTestApp()
  const headers = { 'x-latchkey-timing': '1', 'cf-connecting-ip': '192.0.2.1' }
  const me = await isolate.request('GET', '/api/v1/me', { key: key.key, headers })
  expect(me.status, me.text).toBe(200)
  const elsewhere = { 'cf-connecting-ip': '198.51.100.1' }
  const refused = await isolate.request('GET', '/api/v1/me', { key: key.key, headers: elsewhere })
  expect(refused.body.code).toBe(code)
  const { external_id, environment } = me.body.data.key
  const [, tier] = me.headers.get('server-timing')?.match(/desc="(\w+)"/) ?? []
  return { external_id, environment, tier }
}

const whole = { external_id: 'customer-42', environment: 'test' }

beforeEach(async () => {
  account = await openAccount()
  key = await makeKey(await createTestApp(), account.owner.jwt, body)
  name = `key/${await digestOf(key.key)}`
  await verified('ip_not_allowed')
  stored = (await env.KEY_CACHE.get<Stored>(name, 'json')) as Stored
  expect(stored).toMatchObject({
    v: 6,
    record: { suspended: false, externalId: 'customer-42', format: 'wacrm_test' },
  })
})

describe('the record of a key in KV', () => {
  it('answers an isolate that does not know the key', async () => {
    expect(await verified('ip_not_allowed')).toEqual({ ...whole, tier: 'cache' })
  })

  const without = (...fields: (keyof KeyRecord)[]) => {
    const record = { ...stored.record }
    for (const field of fields) delete record[field]
    return record
  }
  it.each<[string, () => string]>([
    [
      'of version 4',
      () => JSON.stringify({ ...stored, v: 4, record: without('metadata', 'format', 'suspended') }),
    ],
    ['of version 5', () => JSON.stringify({ ...stored, v: 5, record: without('suspended') })],
    ['of version 5, with the fields of 6', () => JSON.stringify({ ...stored, v: 5 })],
    ['of a version to come', () => JSON.stringify({ ...stored, v: 7 })],
    ['without suspension', () => JSON.stringify({ ...stored, record: without('suspended') })],
    ['without its format', () => JSON.stringify({ ...stored, record: without('format') })],
    ['without its metadata', () => JSON.stringify({ ...stored, record: without('metadata') })],
    ['without its addresses', () => JSON.stringify({ ...stored, record: without('allowedIps') })],
    ['without all but its time', () => JSON.stringify({ ...stored, record: { asOf: 1e15 } })],
    ['cut off', () => JSON.stringify(stored).slice(0, 200)],
    ['that is null', () => JSON.stringify({ ...stored, record: null })],
  ])('%s counts as absent and is replaced', async (_, write) => {
    await env.KEY_CACHE.put(name, write())
    expect(await verified('ip_not_allowed')).toEqual({ ...whole, tier: 'database' })
    const { v, record } = (await env.KEY_CACHE.get<Stored>(name, 'json')) as Stored
    expect([v, record]).toEqual([6, { ...stored.record, asOf: expect.any(Number) }])
    expect(await verified('ip_not_allowed')).toEqual({ ...whole, tier: 'cache' })
  })
})
