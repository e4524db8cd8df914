// The session of the portal's page: its code and token are nowhere they could be read, and its end is said.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { gzipSync } from 'node:zlib'
import type { Page } from 'playwright'
import { heading, openPage } from './support/browser.ts'
import { expect } from './support/expect.ts'
import { lookEverywhere } from './support/look.ts'
import {
  createButton,
  enterPortal,
  sendNewKey,
  startHost,
  storeToken,
} from './support/portal-host.ts'
import { latchkey } from './support/shared.ts'

const failed = ['Failed to load resource']
const maxBytes = 40_000

test('the first load is below 40 kB compressed, with its styles', async (t) => {
  const page = await openPage(t)
  const sizes = new Map<string, Promise<number>>()
  page.on('response', (response) => {
    const { pathname } = new URL(response.url())
    if (pathname.startsWith('/api/')) return
    sizes.set(
      pathname,
      response.body().then((body) => gzipSync(body).length),
    )
  })
  await page.goto('/portal')
  await heading(page, 'Open this page from your account')
  await page.waitForLoadState('networkidle')
  const bytes = await Promise.all(
    [...sizes].map(async ([path, size]) => [path, await size] as const),
  )
  const total = bytes.reduce((sum, [, size]) => sum + size, 0)
  t.diagnostic(`${total} bytes (gzip): ${JSON.stringify(Object.fromEntries(bytes))}`)
  for (const kind of [/^\/portal$/, /\.js$/, /\.css$/]) {
    assert.ok(
      bytes.some(([path]) => kind.test(path)),
      `${kind} was loaded`,
    )
  }
  assert.ok(total < maxBytes, `${total} bytes`)
})

test('neither the code nor the token is in an address, the history, a referrer or the storage of all tabs', async (t) => {
  const host = await startHost(t)
  const page = await openPage(t)
  const requested: { url: string; headers: Record<string, string> }[] = []
  page.on('request', (request) =>
    requested.push({ url: request.url(), headers: request.headers() }),
  )
  const visited: string[] = []
  page.on('framenavigated', (frame) => visited.push(frame.url()))
  const link = await host.open()
  const code = new URL(link).hash.split('=')[1] ?? ''
  assert.match(code, /^lkpc_/)
  await page.goto(link)
  await heading(page, 'API keys')
  const token = (await page.evaluate(() => sessionStorage.getItem('portal-session'))) ?? ''
  assert.match(token, /^lkps_/)
  await page.reload()
  await heading(page, 'API keys')
  await sendNewKey(page, 'Nowhere else')
  const key = await storeToken(page, 'Nowhere else')

  const secrets = [code, token, key]
  const base = `${await latchkey()}/portal`
  await expect(page).toHaveURL(base)
  assert.equal(visited.at(-1), base)
  for (const { url, headers } of requested) {
    assert.ok(!secrets.some((secret) => url.split('#')[0]?.includes(secret)), url)
    assert.equal(headers.referer ?? '', '', url)
  }
  const kept = await page.evaluate(() => ({
    local: JSON.stringify({ ...localStorage }),
    session: JSON.stringify({ ...sessionStorage }),
    history: JSON.stringify(history.state),
    document: document.documentElement.outerHTML,
  }))
  const text = JSON.stringify({ ...kept, session: '', cookies: await page.context().cookies() })
  for (const secret of secrets) assert.ok(!text.includes(secret))
  assert.ok(!kept.session.includes(key) && !kept.session.includes(code))

  const other = await page.context().newPage()
  await other.goto('/portal')
  await heading(other, 'Open this page from your account')
  await page.getByRole('link', { name: /^Back to/ }).click()
  await page.waitForURL(`${host.origin}/`)
  assert.deepEqual(host.referrers.filter(Boolean), [])
  await page.goBack()
  await heading(page, 'API keys')
  await expect(page).toHaveURL(base)
})

test('a link that was used leads back to the host, and leaves nobody signed in', async (t) => {
  const host = await startHost(t)
  const page = await openPage(t, {}, failed)
  const link = await host.open()
  await page.goto(link)
  await heading(page, 'API keys')
  // The same page with another fragment: nothing is loaded.
  await page.goto(link)
  await heading(page, 'This link does not work any more')
  await expect(page).toHaveURL(`${await latchkey()}/portal`)
  await lookEverywhere(page, 'portal-used')
  await expect(page.getByRole('link')).toHaveAttribute('href', `${host.origin}/`)
  await page.reload()
  await heading(page, 'Open this page from your account')
  await page.goto(await host.open())
  await heading(page, 'API keys')
})

test('an end of the session is said at the next request, and a token that is shown stays', async (t) => {
  const host = await startHost(t)
  const page = await openPage(t, {}, failed)
  await enterPortal(page, host)
  await sendNewKey(page, 'Shown at the end')
  await page.getByRole('dialog', { name: 'The token of Shown at the end' }).waitFor()
  await revoke(host)
  await storeToken(page, 'Shown at the end')
  await heading(page, 'Your session has ended')
  await lookEverywhere(page, 'portal-ended')
  await expect.poll(() => page.evaluate(() => sessionStorage.getItem('portal-session'))).toBe(null)
  await expect(page.getByRole('link')).toHaveAttribute('href', `${host.origin}/`)
})

test('signing out ends the session everywhere', async (t) => {
  const host = await startHost(t)
  const page = await openPage(t, {}, failed)
  await enterPortal(page, host)
  const token = await page.evaluate(() => sessionStorage.getItem('portal-session'))
  await page.getByRole('button', { name: 'Sign out' }).click()
  await heading(page, 'You are signed out')
  const headers = { authorization: `Bearer ${token}` }
  const answer = await fetch(`${await latchkey()}/api/v1/portal/keys`, { headers })
  assert.equal(answer.status, 401)
})

test('the end of the session is announced, and whoever uses the page stays', async (t) => {
  const host = await startHost(t)
  const page = await openPage(t)
  await page.clock.install()
  // As Cloudflare sends it: the end of the session is reckoned from the clock of the server.
  await page.route('**/api/v1/portal/session', async (route) => {
    const response = await route.fetch()
    const headers = { ...response.headers(), date: new Date().toUTCString() }
    await route.fulfill({ response, headers })
  })
  await enterPortal(page, host)
  // An answer that arrives later renews the session.
  await page.getByText('You have no keys yet').waitFor()
  const notice = page.getByText(/^Your session ends at/)
  await page.clock.fastForward(12 * 60_000)
  await expect(notice).toHaveCount(0)
  await page.clock.fastForward(90_000)
  await notice.waitFor()
  await lookEverywhere(page, 'portal-ending')
  let readings = 0
  page.on('request', (request) => {
    if (request.url().endsWith('/portal/session')) readings += 1
  })
  await page.getByRole('button', { name: 'Stay signed in' }).click()
  await notice.waitFor({ state: 'detached' })
  // The press of the button is a use as well. A second answer would move the end once more, whenever it arrives.
  assert.equal(readings, 1)
  await page.clock.fastForward(11 * 60_000)
  const renewed = page.waitForResponse('**/api/v1/portal/session')
  await createButton(page).click()
  assert.equal((await renewed).status(), 200)
  await page.clock.fastForward(11 * 60_000)
  await expect(notice).toHaveCount(0)
})

test('leaving while a token is shown is asked about', async (t) => {
  const host = await startHost(t)
  const page = await openPage(t)
  await enterPortal(page, host)
  await sendNewKey(page, 'Asked about')
  await page.getByRole('dialog', { name: 'The token of Asked about' }).waitFor()
  const asked = page.waitForEvent('dialog')
  await page.evaluate(() => void setTimeout(() => location.reload()))
  const dialog = await asked
  assert.equal(dialog.type(), 'beforeunload')
  await dialog.dismiss()
  await storeToken(page, 'Asked about')
  await page.reload()
  await heading(page, 'API keys')
})

test('the page refuses to be framed', async (t) => {
  const host = await startHost(t)
  const page = await openPage(t, {}, ['frame-ancestors', 'X-Frame-Options', 'chrome-error'])
  await page.goto(`${host.origin}/framed`)
  await page.waitForLoadState('networkidle')
  assert.deepEqual(await texts(page), [''])
})

/** What the frames of a page show. */
function texts(page: Page): Promise<string[]> {
  const frames = page.frames().filter((frame) => frame !== page.mainFrame())
  return Promise.all(
    frames.map(async (frame) => {
      const isError = frame.url().startsWith('chrome-error:')
      return isError ? '' : frame.evaluate(() => document.body.innerText)
    }),
  )
}

async function revoke({ owner, opener }: Awaited<ReturnType<typeof startHost>>): Promise<void> {
  await owner.post('/api/api-keys/revoke', { ids: [opener.id] })
}

test('the page has the name, the logo and the theme of the deployer, also without a session', async (t) => {
  const page = await openPage(t)
  const data = { name: 'Example \u05d0', logo: '/favicon.svg', theme: 'dark' }
  await page.route('**/api/v1/portal/page', (route) =>
    route.fulfill({ json: { status: 'success', data } }),
  )
  await page.goto('/portal')
  await page.getByText(data.name).waitFor()
  await expect.poll(() => page.evaluate(() => document.documentElement.dataset.mode)).toBe('dark')
  await expect(page.locator('body')).toHaveCSS('background-color', /oklch\(0\.1 /)
  await expect(page.locator('img')).not.toHaveJSProperty('naturalWidth', 0)
})
