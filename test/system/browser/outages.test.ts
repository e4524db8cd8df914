// Code that does not arrive, a browser without a network, and a server that stops: the page stays, says so, and goes on.
import assert from 'node:assert/strict'
import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import type { Page } from 'playwright'
import { startLatchkey } from '../../support/system/launch.ts'
import { removeFolder } from '../../support/system/remove-folder.ts'
import { createKey, demo, signedIn } from './support/api.ts'
import { heading, openPage, openWindow, signIn } from './support/browser.ts'
import { expect } from './support/expect.ts'
import { lookEverywhere } from './support/look.ts'
import { latchkey } from './support/shared.ts'

const failed = [
  'net::ERR',
  'Failed to fetch dynamically imported module',
  'chunk',
  'ApiProblem',
  'could not be loaded',
]

const loads = (page: Page) => {
  let count = 0
  page.on('request', (request) => {
    if (request.isNavigationRequest() && request.frame() === page.mainFrame()) count++
  })
  return () => count
}

test('a blocked chunk is tried once more, then the page says so, and it can be tried again', async (t) => {
  const page = await openPage(t, {}, failed)
  await signIn(page, demo.owner)
  const navigations = loads(page)
  const requested: string[] = []
  await page.route('**/assets/members-page-*.js', (route) => {
    requested.push(route.request().url())
    return route.abort('connectionreset')
  })
  await page.getByRole('link', { name: 'Members', exact: true }).click()
  await heading(page, 'This page could not be shown')
  await page.getByText('Its code did not arrive').waitFor()
  assert.ok(requested.length <= 2, `${requested.length} requests`)
  await lookEverywhere(page, 'chunk-blocked')

  // The rest of the dashboard goes on.
  await page.getByRole('link', { name: 'Scopes', exact: true }).click()
  await heading(page, 'Scopes')
  await page.getByRole('link', { name: 'Members', exact: true }).click()
  await heading(page, 'This page could not be shown')
  await page.unroute('**/assets/members-page-*.js')
  await page.getByRole('button', { name: 'Try again' }).click()
  await heading(page, 'Members')
  // Chromium does not ask for a module again that has failed.
  assert.ok(navigations() <= 1, 'loaded anew more than once')
})

test('a dialog whose code is blocked says so, and the page under it stays', async (t) => {
  await createKey(await signedIn(demo.owner), { name: 'Under a blocked dialog' })
  const page = await openPage(t, {}, failed)
  await signIn(page, demo.owner)
  await page.route('**/assets/key-action-dialog-*.js', (route) => route.abort('connectionreset'))
  await page
    .getByRole('button', { name: /^Actions for/ })
    .first()
    .click()
  await page.getByRole('menuitem', { name: 'Rotate…' }).click()
  await page.getByText('Its code did not arrive').waitFor()
  await lookEverywhere(page, 'dialog-blocked')
  await page.getByRole('button', { name: 'Close' }).click()
  await heading(page, 'API keys')
})

test('a page from before a deployment is loaded anew, once, and shows what was asked for', async (t) => {
  const page = await openPage(t, {}, [...failed, 'status of 404'])
  await signIn(page, demo.owner)
  const navigations = loads(page)
  const gone = (route: { fulfill: (answer: { status: number }) => Promise<void> }) =>
    route.fulfill({ status: 404 })
  await page.route('**/assets/members-page-*.js', gone)
  await page.route(`${await latchkey()}/`, async (route) => {
    const response = await route.fetch()
    const body = (await response.text()).replaceAll(
      /\/assets\/sign-in-[\w-]+\.js/g,
      '/assets/sign-in-newer.js',
    )
    await route.fulfill({ response, body })
  })
  page.on('domcontentloaded', () => page.unroute('**/assets/members-page-*.js', gone))
  await page.getByRole('link', { name: 'Members', exact: true }).click()
  await heading(page, 'Members')
  assert.equal(navigations(), 1)
})

test('without a network the page says so and how old it is, and reads again with it', async (t) => {
  const page = await openPage(t, {}, failed)
  await signIn(page, demo.owner)
  await page.getByRole('link', { name: 'Status', exact: true }).click()
  await page.getByText('All systems operational').waitFor()
  await page.context().setOffline(true)
  await page.getByText('You are offline').waitFor()
  await page.getByText(/^What is shown is of .+ UTC\./).waitFor()
  await page.getByText('Not known now').waitFor()
  await expect(page.getByText('All systems operational')).toHaveCount(0)
  await lookEverywhere(page, 'offline')
  await page.context().setOffline(false)
  await page.getByText('You are offline').waitFor({ state: 'detached' })
  await page.getByText('All systems operational').waitFor()
})

test('a server that stops: the page stays, its lights go out, and all goes on when it is back', async (t) => {
  const stateDir = mkdtempSync(join(tmpdir(), 'latchkey-outage-'))
  let server = await startLatchkey({ stateDir })
  t.after(async () => {
    await server.stop()
    removeFolder(stateDir)
  })
  const page = await openWindow(server.url)
  await signIn(page, demo.owner)
  const navigations = loads(page)
  await page.getByRole('link', { name: 'Status', exact: true }).click()
  await page.getByText('All systems operational').waitFor()
  await server.stop()

  await page.getByText('Latchkey does not answer').waitFor({ timeout: 60_000 })
  await page.getByText('Not known now').waitFor()
  await page.getByText(/^Run on .+, and not since\.$/).waitFor()
  await lookEverywhere(page, 'server-stopped')
  await page.getByRole('link', { name: 'Webhooks', exact: true }).click()
  await heading(page, 'This page could not be shown')
  await lookEverywhere(page, 'server-stopped-page')

  server = await startLatchkey({ port: server.port, stateDir })
  await page.getByText('Latchkey does not answer').waitFor({ state: 'detached', timeout: 60_000 })
  await heading(page, 'Webhooks')
  assert.ok(navigations() <= 1, 'loaded anew more than once')
})
