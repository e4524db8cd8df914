// The code of docs/customers.md and docs/concepts.md, as it stands there: from `external_id` to which customer called.
import { beforeAll, describe, expect, it } from 'vitest'
import { type Account, makeKey, openAccount, outcome } from '../support/account.ts'
import {
  config,
  customerOf,
  customerOfHeaders,
  app as hono,
} from '../support/customers/from-docs.ts'
import { bindingTo, createEchoApp } from '../support/surfaces.ts'
import type { TestApp } from '../support/test-app.ts'

const [page = ''] = Object.values(
  import.meta.glob('../../docs/customers.md', { query: '?raw', import: 'default', eager: true }),
)
const [concepts = ''] = Object.values(
  import.meta.glob('../../docs/concepts.md', { query: '?raw', import: 'default', eager: true }),
)
const [code = ''] = Object.values(
  import.meta.glob('../support/customers/from-docs.ts', {
    query: '?raw',
    import: 'default',
    eager: true,
  }),
)

let latchkey: TestApp
let account: Account
const keyOf = async (external_id: string | null, scopes = ['contacts:read']) => {
  const body = { external_id, metadata: { plan: 'gold' }, scopes }
  return (await makeKey(latchkey, account.owner.jwt, body)).key
}

beforeAll(async () => {
  latchkey = await createEchoApp()
  account = await openAccount()
})

describe('docs/customers.md', () => {
  it('has this code, at most ten lines for each surface', () => {
    const blocks = [...page.matchAll(/^```(ts|sh)\n(.*?)^```$/gms)].map(([, language, text]) => ({
      ...{ language, text: text ?? '' },
    }))
    const shown = blocks.filter(({ language }) => language === 'ts')
    expect(shown).toHaveLength(3)
    for (const { text } of shown) expect(code).toContain(text)
    for (const { text } of blocks) expect(text.trimEnd().split('\n').length).toBeLessThan(11)
  })

  it('finds the customer over a service binding', async () => {
    const ask = (key: string) =>
      customerOf(new Request('https://api.test/', { headers: { 'x-api-key': key } }), {
        LATCHKEY: bindingTo(latchkey),
      })
    expect(await ask(await keyOf('customer-42'))).toBe('customer-42')
    expect(await ask(await keyOf('customer-42', []))).toBeNull()
    expect(await ask(await keyOf(null))).toBeNull()
  })

  it('finds the customer in an app in Hono', async () => {
    const LATCHKEY = bindingTo(latchkey)
    const ask = (key: string) =>
      hono.request('/contacts', { headers: { 'x-api-key': key } }, { LATCHKEY })
    const answer = await ask(await keyOf('customer-42'))
    expect([answer.status, await answer.text()]).toEqual([200, 'customer-42 on gold'])
    expect((await ask(await keyOf('customer-42', []))).status).toBe(403)
  })

  it.each(['customer-42', 'Müller & Söhne, 42', 'none%', null])(
    'finds the customer %s in the headers of the gateway and of a proxy',
    async (id) => {
      const key = await keyOf(id)
      const atApi = await latchkey.request('GET', '/api/contacts', { key })
      expect(customerOfHeaders(new Headers(atApi.body))).toBe(id)
      const headers = { 'x-original-method': 'GET', 'x-original-uri': '/api/contacts' }
      const byProxy = await latchkey.request('GET', '/forward-auth/nginx/crm', { key, headers })
      expect(customerOfHeaders(byProxy.headers)).toBe(id)
    },
  )
})

describe('docs/concepts.md', () => {
  /** White space and the last comma of a list depend on where the code stands. */
  const folded = (text: string) => text.replace(/\s+/g, '').replace(/,(?=[}\])]|$)/g, '')

  it('has this configuration', () => {
    const blocks = [...concepts.matchAll(/^```ts\n(.*?)^```$/gms)].map(([, text = '']) => text)
    expect(blocks).toHaveLength(2)
    for (const text of blocks) expect(folded(code)).toContain(folded(text))
  })

  it('by which keys pass as its tables say', async () => {
    const app = await createEchoApp({ ...config })
    const issue = (scopes: string[], format?: string) =>
      makeKey(app, account.owner.jwt, { scopes, ...(format && { format }) })
    const get = (key: string, path: string, method = 'GET') =>
      outcome(app.request(method, path, { key, ...(method === 'POST' && { body: {} }) }))
    const [all, one, wildcard] = [
      await issue(['orders:read']),
      await issue(['orders:read#42']),
      await issue(['orders:*']),
    ]
    const test = await issue(['orders:read'], 'acme_test')
    expect([all.key, test.key].map((key) => key.slice(0, 10))).toEqual(['acme_live_', 'acme_test_'])
    expect(await get(test.key, '/api/orders/42')).toBe('403 wrong_environment')
    const lacking = '403 insufficient_scope'
    for (const [{ key }, ...expected] of [
      [all, '200', '200', '200', lacking],
      [one, '200', lacking, lacking, lacking],
      [wildcard, '200', '200', '200', lacking],
    ] as const) {
      const asked = [get(key, '/api/orders/42'), get(key, '/api/orders/43')]
      asked.push(get(key, '/api/recent'), get(key, '/api/exports', 'POST'))
      expect(await Promise.all(asked)).toEqual(expected)
    }
  })
})
