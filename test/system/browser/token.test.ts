// A token is shown once and is nowhere in the browser afterwards.
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import type { Page } from 'playwright'
import { createKey, demo, signedIn } from './support/api.ts'
import { heading, openKey, openPage, signIn } from './support/browser.ts'
import { curl } from './support/curl.ts'
import { expect } from './support/expect.ts'

test('a new token is stored nowhere in the browser after its dialog is closed', async (t) => {
  const page = await openPage(t)
  const bodies = watchBodies(page)
  await signIn(page, demo.owner)
  await page.getByRole('button', { name: 'Create API key' }).click()
  await page.getByLabel('Name', { exact: true }).fill('Seen once')
  await page.getByRole('radio', { name: /No scopes/ }).click()
  await page.getByRole('button', { name: 'Create key' }).click()
  const token = await tokenShown(page)
  assert.match(token, /^whm_[0-9a-f]{32}$/)

  await page.keyboard.press('Escape')
  await page.mouse.click(5, 5)
  await expect
    .poll(() => tokenShown(page), { message: 'only its button closes the dialog' })
    .toBe(token)
  const [download] = await Promise.all([
    page.waitForEvent('download'),
    page.getByRole('button', { name: 'Download .env' }).click(),
  ])
  assert.equal(download.suggestedFilename(), 'seen-once.env')
  assert.equal(readFileSync(await download.path(), 'utf8'), `LATCHKEY_API_KEY=${token}\n`)
  assert.ok(!download.url().includes(token))
  const command = await page.getByRole('dialog').locator('pre').nth(1).innerText()
  assert.equal(
    command,
    `curl ${new URL(page.url()).origin}/api/v1/me \\\n  -H 'X-API-Key: ${token}'`,
  )

  await page.getByRole('button', { name: 'I have stored it' }).click()
  await heading(page, 'Seen once')
  await assertGone(page, token)
  await page.reload()
  await heading(page, 'Seen once')
  await assertGone(page, token)
  await page.goBack()
  await heading(page, 'API keys')
  await assertGone(page, token)
  await page.goForward()
  await heading(page, 'Seen once')
  await assertGone(page, token)

  const held = (await bodies()).filter(({ body }) => body.includes(token))
  assert.deepEqual(
    held.map(({ cacheControl, method }) => ({ cacheControl, method })),
    [{ cacheControl: 'no-store', method: 'POST' }],
    'one answer held it, and no cache may keep that one',
  )
  assert.equal(await curl(token), 200)
})

test('a rotated key shows its new token once, and the old one works for the overlap', async (t) => {
  const name = 'Rotated by hand'
  const old = await createKey(await signedIn(demo.owner), { name, scopes: ['contacts:read'] })
  const page = await openPage(t)
  await signIn(page, demo.owner)
  await openKey(page, name)
  await page.getByRole('button', { name: 'Rotate' }).click()
  await page.getByRole('button', { name: 'Create new token' }).click()
  await page.getByText('Waiting for all regions to apply the change').waitFor()
  const token = await tokenShown(page)
  await page.getByText('still works and expires after 1 day').waitFor()
  await page.getByRole('button', { name: 'I have stored it' }).click()
  await page.waitForURL((url) => !url.pathname.endsWith(old.id))
  await heading(page, name)
  await assertGone(page, token)
  assert.deepEqual(await Promise.all([curl(token), curl(old.key)]), [200, 200])
})

test('a token pasted into the search is not sent', async (t) => {
  const { key: token, name } = await createKey(await signedIn(demo.owner), {
    name: 'Leaked somewhere',
  })
  const page = await openPage(t)
  const requested: string[] = []
  page.on('request', (request) => requested.push(request.url()))
  await signIn(page, demo.owner)
  await page.getByLabel('Search by name').fill(token)
  await page.getByText('You pasted a whole token').waitFor()
  await page.waitForURL(/search=[0-9a-f]{8}$/)
  await page.getByRole('link', { name }).waitFor()
  await expect(page.getByRole('link', { name: 'Leaked somewhere' })).toHaveCount(1)
  assert.ok(requested.every((url) => !url.includes(token)))
  await assertGone(page, token)
})

async function tokenShown(page: Page): Promise<string> {
  await page.getByRole('button', { name: 'I have stored it' }).waitFor()
  return page.getByRole('dialog').locator('pre').first().innerText()
}

/** The bodies of all responses to the page. */
function watchBodies(page: Page) {
  const pending: Promise<{ body: string; cacheControl: string | undefined; method: string }>[] = []
  page.on('response', (response) => {
    const method = response.request().method()
    const cacheControl = response.headers()['cache-control']
    pending.push(
      response.text().then(
        (body) => ({ body, cacheControl, method }),
        () => ({ body: '', cacheControl, method }),
      ),
    )
  })
  return () => Promise.all(pending)
}

/** Neither in the page, its address and history, nor in any storage or script-readable cache. */
async function assertGone(page: Page, token: string): Promise<void> {
  assert.ok(!page.url().includes(token), 'address')
  const found = await page.evaluate(placesThatHold, token)
  assert.deepEqual(found, [])
  const cookies = await page.context().cookies()
  assert.ok(!JSON.stringify(cookies).includes(token), 'cookies')
}

/** In the browser. The query cache is found in React's tree, in the props of its provider. */
async function placesThatHold(token: string): Promise<string[]> {
  const databases = await Promise.all((await indexedDB.databases()).map(({ name }) => name ?? ''))
  const cached = await Promise.all(
    (await caches.keys()).map(async (name) => (await (await caches.open(name)).keys()).length),
  )
  const fields = [...document.querySelectorAll('input, textarea')].map(
    (field) => (field as HTMLInputElement).value,
  )
  const places: Record<string, string> = {
    document: document.documentElement.outerHTML,
    fields: fields.join('\n'),
    local: JSON.stringify({ ...localStorage }),
    session: JSON.stringify({ ...sessionStorage }),
    history: JSON.stringify(history.state),
    databases: databases.length > 0 ? token : '',
    caches: cached.length > 0 ? token : '',
    queries: queryCache(),
  }
  return Object.keys(places).filter((place) => places[place]?.includes(token))

  function queryCache(): string {
    type Fibre = { child?: Fibre; sibling?: Fibre; memoizedProps?: { client?: Client } }
    type Cache = { getAll: () => { state: unknown }[] }
    type Client = { getQueryCache?: () => Cache; getMutationCache: () => Cache }
    const container = document.getElementById('root') as Record<string, unknown> | null
    const name = Object.keys(container ?? {}).find((key) => key.startsWith('__reactContainer'))
    const waiting = [container?.[name ?? ''] as Fibre | undefined]
    while (waiting.length > 0) {
      const fibre = waiting.pop()
      const client = fibre?.memoizedProps?.client
      if (client?.getQueryCache) {
        const states = [client.getQueryCache(), client.getMutationCache()].map((cache) =>
          cache.getAll().map(({ state }) => state),
        )
        return JSON.stringify(states)
      }
      if (fibre) waiting.push(fibre.sibling, fibre.child)
    }
    return `no query cache was found, so it may hold ${token}`
  }
}
