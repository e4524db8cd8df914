// The portal: a customer of a SaaS comes from its page, manages their keys, and goes back.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { narrow, openPage } from './support/browser.ts'
import { curl } from './support/curl.ts'
import { expect } from './support/expect.ts'
import { tabTo } from './support/keyboard.ts'
import { lookEverywhere } from './support/look.ts'
import { card, enterPortal, sendNewKey, startHost, storeToken } from './support/portal-host.ts'

const contacts = '/api/contacts'

test('a customer makes a key, uses it, sees its usage, rotates, disables and revokes it', async (t) => {
  const host = await startHost(t)
  const page = await openPage(t)
  await enterPortal(page, host)
  await page.getByText('You have no keys yet').waitFor()
  await lookEverywhere(page, 'portal-empty')

  await page.getByRole('button', { name: 'Create key' }).click()
  await page.getByLabel('Name').fill('Nightly export')
  await page.getByRole('checkbox', { name: /List and read contacts/ }).check()
  await lookEverywhere(page, 'portal-create')
  await page.getByRole('dialog').getByRole('button', { name: 'Create key' }).click()
  await page.getByRole('button', { name: 'Copy' }).click()
  await page.getByText('Copied.').waitFor()
  await lookEverywhere(page, 'portal-token')
  const copied = await page.evaluate(() => navigator.clipboard.readText())
  const first = await storeToken(page, 'Nightly export')
  assert.equal(first, copied)
  assert.equal(await curl(first, contacts), 200)
  assert.equal(await curl(first, '/api/messages'), 403)
  await page.getByText('You have 1 of 10 keys. All your keys together').waitFor()

  await page.getByRole('button', { name: 'Usage of Nightly export' }).click()
  const usage = card(page, 'Nightly export').getByText('2 requests in 30 days, 1 of them refused')
  for (let tries = 0; tries < 60 && !(await usage.isVisible()); tries++) {
    await sleep(500)
    await page.getByRole('button', { name: 'Usage of Nightly export' }).click()
    await page.getByRole('button', { name: 'Usage of Nightly export' }).click()
    await page.getByText('Loading the usage').waitFor({ state: 'detached' })
  }
  await usage.waitFor()
  await page.getByText('By day').click()
  await lookEverywhere(page, 'portal-usage')

  await page.getByRole('button', { name: 'Rotate Nightly export' }).click()
  await lookEverywhere(page, 'portal-rotate')
  await page.getByRole('button', { name: 'Create new token' }).click()
  const second = await storeToken(page, 'Nightly export')
  assert.deepEqual([await curl(first, contacts), await curl(second, contacts)], [200, 200])

  await page.getByText('Rotated', { exact: true }).waitFor()
  const revoked = page
    .getByRole('listitem')
    .filter({ has: page.getByText('Rotated', { exact: true }) })
  const prefix = (await revoked.locator('code').first().innerText()).replace('…', '')
  await revoked.getByRole('button', { name: 'Revoke Nightly export' }).click()
  const revoke = page.getByRole('button', { name: 'Revoke key' })
  await expect(revoke, 'before the prefix is typed').toBeDisabled()
  await page.getByLabel(/^Type .* to confirm$/).fill(prefix)
  await lookEverywhere(page, 'portal-revoke')
  await revoke.click()
  await page.getByText('Nightly export is revoked.').waitFor()
  assert.deepEqual([await curl(first, contacts), await curl(second, contacts)], [401, 200])

  await page.getByRole('button', { name: 'Disable Nightly export' }).click()
  await lookEverywhere(page, 'portal-disable')
  await page.getByRole('button', { name: 'Disable key' }).click()
  await page.getByText('Nightly export is disabled.').waitFor()
  assert.equal(await curl(second, contacts), 401)
  await lookEverywhere(page, 'portal-keys')

  await page.getByLabel('Show').selectOption('revoked')
  await card(page, 'Nightly export').nth(1).waitFor({ state: 'detached' })
  await card(page, 'Nightly export').getByText('Revoked', { exact: true }).first().waitFor()
  await page.getByRole('link', { name: /^Back to 127\.0\.0\.1/ }).click()
  await page.waitForURL(`${host.origin}/`)
})

test('by keyboard alone: create, store, rotate, revoke, and the focus stays where the work is', async (t) => {
  const host = await startHost(t, { scopes: ['contacts:read'] })
  const page = await openPage(t, { width: narrow })
  await enterPortal(page, host)
  const focused = () => page.evaluate(() => document.activeElement?.textContent ?? '')
  await press(page, 'Create key')
  await page.keyboard.type('By keyboard')
  await page.keyboard.press('Enter')
  await page.getByRole('dialog', { name: 'The token of By keyboard' }).waitFor()
  for (const key of ['Escape', 'Escape', 'Escape']) await page.keyboard.press(key)
  const token = await page.getByRole('dialog').locator('code').innerText()
  await press(page, 'I have stored it')
  assert.equal(await curl(token, contacts), 200)
  await page.getByRole('heading', { name: 'By keyboard' }).waitFor()
  await page.waitForFunction(() => document.activeElement?.textContent === 'By keyboard')

  await press(page, 'Rotate By keyboard')
  await page.keyboard.press('Escape')
  await page.getByRole('dialog').waitFor({ state: 'detached' })
  await expect.poll(() => focused(), { message: 'Escape gives the focus back' }).toBe('Rotate')

  await press(page, 'Revoke By keyboard')
  await page.keyboard.type(await prefixOf(page))
  await page.keyboard.press('Enter')
  await page.getByText('By keyboard is revoked.').waitFor()
  await page.waitForFunction(() => document.activeElement?.textContent === 'By keyboard')
  assert.equal(await curl(token, contacts), 401)
})

test('keys beyond the session are marked, and a full list says why nothing can be made', async (t) => {
  const host = await startHost(t, { max_keys: 1 })
  await host.owner.post('/api/api-keys', {
    ...{ name: 'Of the host \u05d0\u05d1', external_id: host.customer, scopes: ['contacts:write'] },
  })
  const page = await openPage(t)
  await enterPortal(page, host)
  await page.getByText('You have 1 of 1 keys: revoke one to create another.').waitFor()
  await expect(page.getByRole('button', { name: 'Create key' })).toBeDisabled()
  await page.getByText('This key cannot be changed here').waitFor()
  await expect(page.getByRole('button', { name: /^(Rotate|Disable|Revoke)/ })).toHaveCount(0)
  await lookEverywhere(page, 'portal-read-only')
})

test('a lost answer makes one key: its token is replaced', async (t) => {
  const host = await startHost(t)
  const page = await openPage(t, {}, ['Failed to load resource'])
  await enterPortal(page, host)
  let lost = 0
  await page.route('**/api/v1/portal/keys', async (route) => {
    if (route.request().method() !== 'POST' || lost > 0) return route.fallback()
    lost++
    await route.fetch()
    await route.abort('connectionreset')
  })
  await sendNewKey(page, 'Answer lost')
  await page.getByRole('dialog', { name: 'The key was made, its token was lost' }).waitFor()
  await lookEverywhere(page, 'portal-lost')
  await page.getByRole('button', { name: 'Make a new token' }).click()
  const token = await storeToken(page, 'Answer lost')
  assert.equal(lost, 1)
  assert.equal(await curl(token, contacts), 200)
  await page.getByText('You have 1 of 10 keys.').waitFor()
})

test('failures say what to do, and what was entered stays', async (t) => {
  const host = await startHost(t)
  const page = await openPage(t, {}, ['Failed to load resource'])
  await enterPortal(page, host)
  await page.route('**/api/v1/portal/keys', (route) => route.fulfill(unavailable))
  await sendNewKey(page, 'Kept')
  await page.getByRole('alert').getByText('No answer right now').waitFor()
  await expect(page.getByLabel('Name')).toHaveValue('Kept')
  await lookEverywhere(page, 'portal-problem')
  await page.unroute('**/api/v1/portal/keys')
  await page.context().setOffline(true)
  await page.getByText('You are offline. What is shown may be out of date').waitFor()
  await page.getByRole('dialog').getByRole('button', { name: 'Create key' }).click()
  await page.getByRole('alert').getByText('You are offline').waitFor()
  await page.context().setOffline(false)
  await page.getByRole('dialog').getByRole('button', { name: 'Create key' }).click()
  await storeToken(page, 'Kept')
})

const unavailable = {
  status: 503,
  contentType: 'application/problem+json',
  body: JSON.stringify({
    ...{ title: 'The answer is not known right now', status: 503, code: 'authority_unavailable' },
    ...{ detail: 'Try again.', request_id: '0a2c5f0e-8d2e-4c58-9d9c-6f2b4a4f3c11' },
  }),
}

async function press(page: Parameters<typeof tabTo>[0], name: string): Promise<void> {
  await tabTo(page, page.getByRole('button', { name, exact: true }))
  await page.keyboard.press('Enter')
}

async function prefixOf(page: Parameters<typeof tabTo>[0]): Promise<string> {
  const label = await page.getByText(/^Type .* to confirm$/).innerText()
  return label.split(' ')[1] ?? ''
}
