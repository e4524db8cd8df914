// The size of the first visit: the compressed JavaScript of the sign-in page and of the list of keys.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { gzipSync } from 'node:zlib'
import type { Page } from 'playwright'
import { demo } from './support/api.ts'
import { heading, openPage, signIn } from './support/browser.ts'

const maxBytes = 250_000
/** Of these, before the list is there: popups follow it. */
const maxFirstBytes = 160_000

test('sign-in and list together load less than 250 kB of compressed JavaScript, of which 160 kB come first, and no chart', async (t) => {
  const page = await openPage(t)
  const files = watchScripts(page)
  await page.goto('/sign-in')
  await heading(page, 'Sign in')
  const signInBytes = total(await files())
  const later = page.waitForResponse((response) => response.url().includes('/assets/later-'))
  await signIn(page, demo.owner)
  await later
  await page.waitForLoadState('networkidle')
  const loaded = await files()
  const listBytes = total(loaded)
  t.diagnostic(
    `sign-in ${signInBytes} bytes, with the list ${listBytes} bytes (gzip) of JavaScript`,
  )
  assert.ok(
    listBytes < maxBytes,
    `${listBytes} bytes: ${JSON.stringify(Object.fromEntries(loaded))}`,
  )
  const first = new Map([...loaded].filter(([name]) => !name.includes('later')))
  assert.ok(total(first) < maxFirstBytes, `${total(first)} bytes`)
  assert.ok(
    ![...loaded.keys()].some((name) => name.includes('usage-chart')),
    'the chart was loaded',
  )
})

test('what boot.js asks for is what the list needs: each request is sent once', async (t) => {
  const page = await openPage(t)
  await signIn(page, demo.owner)
  await page.waitForURL(/\/a\/[^/]+\/keys$/)
  await page.waitForLoadState('networkidle')
  const asked: string[] = []
  page.on('request', (request) => {
    const { pathname, search } = new URL(request.url())
    if (pathname.startsWith('/api/')) asked.push(pathname + search)
  })
  await page.reload()
  await heading(page, 'API keys')
  await page.waitForLoadState('networkidle')
  const early = (await page.request.get('/boot.js').then((file) => file.text())).match(
    /'\/api\/[^']+'/g,
  )
  assert.equal(early?.length, 7)
  for (const quoted of early ?? []) {
    const path = quoted.slice(1, -1)
    assert.equal(asked.filter((each) => each === path).length, 1, `${path} of ${asked}`)
  }
})

test('pages have the strict policy and nothing inline', async (t) => {
  const page = await openPage(t)
  const response = await page.goto('/keys')
  const policy = response?.headers()['content-security-policy'] ?? ''
  assert.match(policy, /default-src 'none'/)
  assert.match(policy, /require-trusted-types-for 'script'/)
  assert.ok(!policy.includes('unsafe'), policy)
  const html = (await response?.text()) ?? ''
  assert.ok(!/<script(?![^>]*\ssrc=)/.test(html), 'an inline script')
  assert.ok(!/<style|\sstyle=/.test(html), 'an inline style')
  assert.equal(response?.headers()['referrer-policy'], 'no-referrer')
})

/** The gzip size of each script, by its path. */
function watchScripts(page: Page): () => Promise<Map<string, number>> {
  const pending = new Map<string, Promise<number>>()
  page.on('response', (response) => {
    if (response.request().resourceType() !== 'script' || response.status() !== 200) return
    const { pathname } = new URL(response.url())
    pending.set(
      pathname,
      response.body().then((body) => gzipSync(body).length),
    )
  })
  return async () =>
    new Map(
      await Promise.all([...pending].map(async ([path, size]) => [path, await size] as const)),
    )
}

function total(files: Map<string, number>): number {
  return [...files.values()].reduce((sum, size) => sum + size, 0)
}
