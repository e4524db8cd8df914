// The example over its service binding: what passes, what does not, and that revoked means revoked on
// its next request. The management client runs in Node.
import { deepEqual, equal, match, ok } from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, it } from 'node:test'
import { type Client, createClient } from '../../../packages/latchkey/src/client.ts'
import { root, startHouses, type TestApps } from './test-apps.ts'

export function testExample(): void {
  let houses: TestApps
  let client: Client

  before(async () => {
    houses = await startHouses()
    const { baseUrl: url, ownerJwt: key, fetchLatchkey } = houses
    client = createClient({ url, key, fetch: fetchLatchkey })
  })
  after(() => houses.stop())

  const ask = async (path: string, key?: string, init: RequestInit = {}) => {
    const headers = new Headers(key === undefined ? {} : { 'x-api-key': key })
    const response = await houses.example(path, { ...init, headers })
    const text = await response.text()
    return { status: response.status, headers: response.headers, text }
  }

  it('lets a key with the scope pass, and knows whose it is', async () => {
    const { key } = await client.create({ name: 'CI', scopes: ['contacts:read'] })
    const { status, text } = await ask('/contacts', key)
    equal(status, 200, text)
    deepEqual(JSON.parse(text), { account: 'Acme Inc', contacts: ['Ada', 'Grace'] })
  })

  it('is fitted with the ten lines, or fewer, that its README shows', () => {
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

  it('refuses what is missing, wrong or lacks the scope, as Latchkey would', async () => {
    const nothing = await ask('/contacts')
    equal(nothing.status, 401)
    equal(nothing.headers.get('www-authenticate'), 'Bearer realm="latchkey"')
    equal(nothing.headers.get('content-type'), 'application/problem+json')
    equal(JSON.parse((await ask('/contacts', 'whm_wrong')).text).code, 'invalid_api_key')
    const { key } = await client.create({ name: 'Poor', scopes: ['messages:read'] })
    const lacking = await ask('/contacts', key)
    equal(lacking.status, 403)
    match(lacking.headers.get('www-authenticate') ?? '', /scope="contacts:read"/)
  })

  it('refuses a revoked key on the very next request', async () => {
    const { key, id } = await client.create({ name: 'Leaked', scopes: ['contacts:read'] })
    for (let round = 0; round < 3; round++) equal((await ask('/contacts', key)).status, 200)
    await client.revoke(id)
    const { status, text } = await ask('/contacts', key)
    equal(status, 401, text)
    equal(JSON.parse(text).code, 'revoked_api_key')
  })

  it('takes a scope away at once, on the route that asks for fresh answers too', async () => {
    const scopes = ['contacts:read', 'contacts:write']
    const { key, id } = await client.create({ name: 'Editor', scopes })
    const remove = () => ask('/contacts/Ada', key, { method: 'DELETE' })
    equal((await remove()).status, 200)
    await client.update(id, { scopes: ['contacts:read'] })
    equal((await remove()).status, 403)
    equal((await ask('/contacts', key)).status, 200)
  })

  it('lets nobody pass where a key is optional and bad', async () => {
    equal((await ask('/')).text, 'Hello, stranger')
    const { key } = await client.create({ name: 'Guest', scopes: [] })
    equal((await ask('/', key)).text, 'Hello, Acme Inc')
    equal((await ask('/', 'whm_wrong')).status, 401)
  })

  it('leaves Latchkey its other doors: the schedule still runs the drainer', async () => {
    equal((await houses.drain()).outcome, 'ok')
  })
}
