// A page of another origin calls the gateway with a key, in a real browser: its own CORS checks decide.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { after, before, test } from 'node:test'
import type { Page } from 'playwright'
import { suiteTimeoutMs } from '../../support/system/time-out.ts'
import { startWorkers, type Workers } from '../gateway/workers.ts'
import { chromium } from './support/shared.ts'

const pages = createServer((_, response) => {
  response.writeHead(200, { 'content-type': 'text/html' }).end('<title>A page</title>')
})
let origin: string
let workers: Workers
let key: string

before(
  async () => {
    pages.listen(0)
    await once(pages, 'listening')
    origin = `http://localhost:${(pages.address() as AddressInfo).port}`
    workers = await startWorkers(origin)
    key = await workers.createKey({ scopes: ['orders:read'] })
  },
  { timeout: suiteTimeoutMs },
)
after(async () => {
  pages.close()
  await workers?.stop()
})

type Read = { status: number; body: Record<string, unknown>; headers: Record<string, string> }

/** What a script of the page learns, or the name of the error. */
function read(page: Page, url: string, token: string, method = 'GET'): Promise<Read | string> {
  return page.evaluate(
    async ([url, token, method]) => {
      const headers = { 'x-api-key': token, 'content-type': 'application/json' }
      const body = method === 'POST' ? { body: '{}' } : {}
      try {
        const response = await fetch(url, { method, headers, ...body })
        return {
          status: response.status,
          body: await response.json(),
          headers: Object.fromEntries(response.headers),
        }
      } catch (error) {
        return (error as Error).name
      }
    },
    [url, token, method] as const,
  )
}

async function openAt(url: string): Promise<Page> {
  const page = await (await (await chromium()).newContext()).newPage()
  await page.goto(url)
  return page
}

test('a page of a listed origin reads answers and refusals', async () => {
  const page = await openAt(origin)
  const orders = `${workers.open}/shop/v2/orders`

  const passed = (await read(page, orders, key)) as Read
  assert.equal(passed.status, 200)
  assert.equal(passed.body.path, '/shop/v2/orders')
  assert.equal(passed.headers['x-total-count'], '7', 'what the API exposes')
  assert.match(passed.headers['x-request-id'] ?? '', /^[0-9a-f-]{36}$/)

  const refused = (await read(page, orders, 'no-such-key')) as Read
  assert.deepEqual([refused.status, refused.body.code], [401, 'invalid_api_key'])
  assert.match(refused.headers['www-authenticate'] ?? '', /error="invalid_token"/)
  assert.equal(refused.headers['x-request-id'], refused.body.request_id)

  const forbidden = (await read(page, orders, key, 'POST')) as Read
  assert.deepEqual([forbidden.status, forbidden.body.code], [403, 'insufficient_scope'])
  assert.match(forbidden.headers['www-authenticate'] ?? '', /scope="orders:write"/)

  const limited = await workers.createKey({ rate_limit: [{ limit: 1, window_seconds: 3600 }] })
  assert.equal(((await read(page, orders, limited)) as Read).status, 200, 'preflights take nothing')
  const second = (await read(page, orders, limited)) as Read
  assert.deepEqual([second.status, second.body.code], [429, 'rate_limited'])
  assert.ok(Number(second.headers['retry-after']) > 0)
  assert.match(second.headers['ratelimit-policy'] ?? '', /q=1;w=3600/)
})

test('a page of another origin reads nothing, and one without cors neither', async () => {
  const other = await openAt(origin.replace('localhost', '127.0.0.1'))
  assert.notEqual(new URL(other.url()).origin, origin)
  assert.equal(await read(other, `${workers.open}/shop/v2/orders`, key), 'TypeError')
  const page = await openAt(origin)
  assert.equal(await read(page, `${workers.closed}/shop/v2/orders`, key), 'TypeError')
})

test('the paths of Latchkey stay closed to a listed origin', async () => {
  const page = await openAt(origin)
  for (const path of ['/api/v1/me', '/api/api-keys', '/openapi.json']) {
    assert.equal(await read(page, workers.open + path, key), 'TypeError', path)
  }
})
