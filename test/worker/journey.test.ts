// The main use case: a key is issued, works, and stops working after its revocation.
import { beforeAll, describe, expect, it } from 'vitest'
import {
  addPerson,
  createAccount,
  createTestApp,
  type TestApp,
  type TestPerson,
} from '../support/test-app.ts'

let app: TestApp
let owner: TestPerson

beforeAll(async () => {
  app = await createTestApp()
  owner = await addPerson(await createAccount('Acme Inc'), 'owner')
})

describe('a whm key, presented as X-API-Key', () => {
  it('is issued, reads contacts, is deleted, and fails on its next request', async () => {
    const made = await app.request('POST', '/api/api-keys', {
      as: owner.jwt,
      body: { name: 'Production Integration', expires_at: '2099-12-31T23:59:59Z' },
    })
    expect(made.status, made.text).toBe(201)
    expect(made.headers.get('cache-control')).toBe('no-store')
    const { id, key } = made.body.data
    expect(key).toMatch(/^whm_[0-9a-f]{32}$/)
    expect(made.body.data.key_prefix).toBe(key.slice(4, 12))

    const before = await app.request('GET', '/api/contacts', { key })
    expect(before.status, before.text).toBe(200)
    expect(before.body.status).toBe('success')

    const deleted = await app.request('DELETE', `/api/api-keys/${id}`, { as: owner.jwt })
    expect(deleted.status, deleted.text).toBe(200)
    expect(deleted.body).toEqual({
      status: 'success',
      data: { message: 'API key deleted successfully' },
    })

    const after = await app.request('GET', '/api/contacts', { key })
    expect(after.status).toBe(401)
    expect(after.body.code).toBe('revoked_api_key')

    const listed = await app.request('GET', '/api/api-keys', { as: owner.jwt })
    expect(listed.body.data[0]).toMatchObject({ id, is_active: false, status: 'revoked' })
  })
})
