// examples/hono-worker over its service binding: accepted and denied requests, and a key that is revoked
// between two requests. The management client runs in Node.
import { deepEqual, equal, match, ok } from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, it } from 'node:test'
import { type Client, createClient } from '../../../packages/latchkey/src/index.ts'
import { root } from '../../support/system/launch.ts'
import { startTestApps, type TestApps } from './test-apps.ts'

export function testExample(): void {
  let testApps: TestApps
  let client: Client

  before(async () => {
    testApps = await startTestApps()
    const { baseUrl: url, ownerJwt: key, fetchLatchkey } = testApps
    client = createClient({ url, key, fetch: fetchLatchkey })
  })
  after(() => testApps.stop())

  const get = async (path: string, key?: string, init: RequestInit = {}) => {
    const headers = new Headers(key === undefined ? {} : { 'x-api-key': key })
    const response = await testApps.example(path, { ...init, headers })
    const text = await response.text()
    return { status: response.status, headers: response.headers, text }
  }

  it('accepts a key with the scope, and shows its account', async () => {
    const { key } = await client.create({ name: 'CI', scopes: ['contacts:read'] })
    const { status, text } = await get('/contacts', key)
    equal(status, 200, text)
    deepEqual(JSON.parse(text), { account: 'Acme Inc', contacts: ['Ada', 'Grace'] })
  })

  it('integrates in the at most ten lines that its README shows', () => {
    const read = (name: string) => readFileSync(join(root, 'examples/hono-worker', name), 'utf8')
    const shown = [...read('README.md').matchAll(/^```\w+\n(.*?)^```/gms)]
      .flatMap(([, block = '']) => block.split('\n'))
      .filter((line) => line.trim() !== '')
    ok(shown.length > 0 && shown.length <= 10, `${shown.length} lines`)
    const run = `${read('wrangler.toml')}${read('src/index.ts')}`.replace(
      ', type LatchkeyBinding',
      '',
    )
    for (const line of shown) ok(run.includes(`${line}\n`), line)
  })

  it('denies a missing key, an unknown key and a key without the scope, as Latchkey does', async () => {
    const absent = await get('/contacts')
    equal(absent.status, 401)
    equal(absent.headers.get('www-authenticate'), 'Bearer realm="latchkey"')
    equal(absent.headers.get('content-type'), 'application/problem+json')
    equal(JSON.parse((await get('/contacts', 'whm_wrong')).text).code, 'invalid_api_key')
    const { key } = await client.create({ name: 'Unscoped', scopes: ['messages:read'] })
    const unscoped = await get('/contacts', key)
    equal(unscoped.status, 403)
    match(unscoped.headers.get('www-authenticate') ?? '', /scope="contacts:read"/)
  })

  it('denies a revoked key on the next request', async () => {
    const { key, id } = await client.create({ name: 'Leaked', scopes: ['contacts:read'] })
    for (let round = 0; round < 3; round++) equal((await get('/contacts', key)).status, 200)
    await client.revoke(id)
    const { status, text } = await get('/contacts', key)
    equal(status, 401, text)
    equal(JSON.parse(text).code, 'revoked_api_key')
  })

  it('denies a removed scope on the next request, also on the route with fresh verification', async () => {
    const scopes = ['contacts:read', 'contacts:write']
    const { key, id } = await client.create({ name: 'Editor', scopes })
    const remove = () => get('/contacts/Ada', key, { method: 'DELETE' })
    equal((await remove()).status, 200)
    await client.update(id, { scopes: ['contacts:read'] })
    equal((await remove()).status, 403)
    equal((await get('/contacts', key)).status, 200)
  })

  it('denies an invalid key where a key is optional', async () => {
    equal((await get('/')).text, 'Hello, guest')
    const { key } = await client.create({ name: 'Guest', scopes: [] })
    equal((await get('/', key)).text, 'Hello, Acme Inc')
    equal((await get('/', 'whm_wrong')).status, 401)
  })

  it('does not affect the cron triggers of Latchkey', async () => {
    equal((await testApps.runSchedule()).outcome, 'ok')
  })
}
