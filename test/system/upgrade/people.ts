// An owner who manages keys through either version.
import assert from 'node:assert/strict'
import { signIn as openSession, type Send, setUp } from '../../support/system/sign-in.ts'
import { setupToken } from '../../support/system/worker-options.ts'
import type { Key } from './traffic.ts'
import { baseUrl, type Pair, type Version } from './versions.ts'

const owner = { email: 'owner@upgrade.test', password: 'a-password-of-this-test' }

type CreatedKey = { id: string; key: string }
export type Answer = { status: number; body: { data: CreatedKey } }

export type Manager = {
  /** JSON in, JSON out. */
  request(version: Version, method: string, path: string, body?: unknown): Promise<Answer>
  createKey(version: Version, fields?: object): Promise<Key>
}

/** Signs in to one version; the session is used on both. */
export async function signIn(pair: () => Pair, version: Version): Promise<Manager> {
  const send: Send = (path, init) => pair().fetch(version, path, init)
  await setUp(send, baseUrl, setupToken, owner)
  const cookie = await openSession(send, baseUrl, owner)
  const manager: Manager = {
    async request(version, method, path, body) {
      const response = await pair().fetch(version, path, {
        method,
        headers: { cookie, origin: baseUrl, 'content-type': 'application/json' },
        ...(body !== undefined && { body: JSON.stringify(body) }),
      })
      return { status: response.status, body: (await response.json()) as Answer['body'] }
    },
    async createKey(version, fields = {}) {
      const { status, body } = await manager.request(version, 'POST', '/api/api-keys', {
        name: `created by ${version}`,
        ...fields,
      })
      assert.equal(status, 201, JSON.stringify(body))
      return { id: body.data.id, token: body.data.key, invalidSince: null, changingSince: null }
    },
  }
  return manager
}
