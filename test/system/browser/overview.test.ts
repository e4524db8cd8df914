// The overview of an account: from an account without keys to one with traffic, and a part that fails by itself.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Page } from 'playwright'
import { ownAccount } from './support/account.ts'
import { createKey, type Person, waitForUsage } from './support/api.ts'
import { heading, openPage, row, signIn } from './support/browser.ts'
import { curl } from './support/curl.ts'
import { expect } from './support/expect.ts'
import { look } from './support/look.ts'

const inDays = (days: number) => new Date(Date.now() + days * 86_400_000).toISOString()

async function openOverview(page: Page, person: Person): Promise<void> {
  await signIn(page, person.email, person.password)
  await page.getByRole('link', { name: 'Overview', exact: true }).click()
  await heading(page, 'Overview')
}

/** The number of a count, once it is known. */
async function countOf(page: Page, name: string): Promise<string> {
  const count = page.getByRole('list', { name: 'Needs a look' }).getByRole('link', { name })
  await count.filter({ hasNotText: '…' }).waitFor()
  return (await count.innerText()).split('\n')[0] ?? ''
}

test('a new account is led to its first key, by keyboard alone', async (t) => {
  const owner = await ownAccount('Fresh')
  const page = await openPage(t)
  await openOverview(page, owner)
  await page.getByText('No API keys yet').waitFor()
  await look(page, 'overview-new')
  await page.getByRole('button', { name: 'Create API key' }).focus()
  await page.keyboard.press('Enter')
  await heading(page, 'Create API key')
  await createKey(owner, { name: 'First' })
  await page.goto('/overview')
  await expect.poll(() => countOf(page, 'never used')).toBe('1')
  await page.getByText('No requests in the last 7 days').first().waitFor()
})

test('requests, refusals and what needs a look are counted, and lead to their lists', async (t) => {
  const owner = await ownAccount('Busy')
  const checkout = await createKey(owner, {
    name: 'Checkout service',
    scopes: ['contacts:read'],
    external_id: 'customer-7',
  })
  const sync = await createKey(owner, { name: 'Nightly sync', expires_at: inDays(3) })
  for (let turn = 0; turn < 6; turn++) assert.equal(await curl(checkout.key, '/api/contacts'), 200)
  for (let turn = 0; turn < 2; turn++) assert.equal(await curl(sync.key, '/api/v1/me'), 200)
  const refused = await createKey(owner, { name: 'Importer', scopes: [], expires_at: inDays(200) })
  for (let turn = 0; turn < 4; turn++) assert.equal(await curl(refused.key, '/api/contacts'), 403)
  const { data } = await owner.post<{ data: { id: string } }>('/api/webhook-endpoints', {
    url: 'http://localhost:1/closed',
    description: 'Closed',
    events: ['key.leaked'],
  })
  await owner.post(`/api/webhook-endpoints/${data.id}/test`, {})
  await waitForUsage(owner, checkout.id, 6)
  await waitForUsage(owner, sync.id, 2)
  await waitForUsage(owner, refused.id, 4)

  const page = await openPage(t)
  await openOverview(page, owner)
  await page.locator('canvas').waitFor()
  await expect.poll(() => countOf(page, 'expiring in 7 days')).toBe('1')
  await expect.poll(() => countOf(page, 'without expiry')).toBe('1')
  await expect.poll(() => countOf(page, 'refused in the last 7 days')).toBe('1')
  await expect.poll(() => countOf(page, 'webhooks failing')).toBe('1')
  const keys = page.getByRole('region', { name: 'Top keys' })
  await expect
    .poll(() => cellsOf(keys))
    .toEqual([
      ['Checkout service', '6', '0'],
      ['Importer', '4', '4'],
      ['Nightly sync', '2', '0'],
    ])
  const customers = page.getByRole('region', { name: 'Top customers' })
  await expect
    .poll(() => cellsOf(customers))
    .toEqual([
      ['customer-7', '6', '0'],
      ['All others', '6', '4'],
    ])
  await page.getByRole('link', { name: 'API keys', exact: true }).click()
  await row(page, 'Checkout service').getByText('6 in 7 days').waitFor()
  await expect(row(page, 'Checkout service').locator('rect')).toHaveCount(7)
  await look(page, 'list-week')
  await page.goBack()
  await page
    .getByText(/Read (just now|1 minute ago)/)
    .first()
    .waitFor()
  await look(page, 'overview')

  // By keyboard: the order is in the address, and so is the range.
  await keys.getByRole('button', { name: 'Refused' }).focus()
  await page.keyboard.press('Enter')
  await keys
    .getByRole('columnheader', { name: 'Refused' })
    .and(keys.locator('[aria-sort=descending]'))
    .waitFor()
  await page.getByRole('button', { name: '30 d', exact: true }).focus()
  await page.keyboard.press('Enter')
  await page.getByText('Requests in the last 30 days by result').waitFor()
  await page.reload()
  await page.getByText('Requests in the last 30 days by result').waitFor()
  await row(page, 'Importer').waitFor()
  assert.equal((await cellsOf(keys))[0]?.[0], 'Importer')

  await page.getByRole('link', { name: 'webhooks failing' }).click()
  await heading(page, 'Closed')
  await page.goBack()
  await page.getByRole('link', { name: 'expiring in 7 days' }).focus()
  await page.keyboard.press('Enter')
  await heading(page, 'API keys')
  await row(page, 'Nightly sync').waitFor()
  await expect(row(page, 'Checkout service')).toHaveCount(0)
})

test('a part that fails says so in its place, and is tried again by itself', async (t) => {
  const owner = await ownAccount('Partly')
  await createKey(owner, { name: 'Only' })
  const page = await openPage(t, {}, ['Failed to load resource'])
  await page.route('**/api/usage?*group_by=external_id*', (route) =>
    route.fulfill({
      status: 503,
      contentType: 'application/problem+json',
      body: JSON.stringify({ title: 'Not known', status: 503, code: 'authority_unavailable' }),
    }),
  )
  await openOverview(page, owner)
  const customers = page.getByRole('region', { name: 'Top customers' })
  await customers.getByRole('alert').waitFor()
  await expect.poll(() => countOf(page, 'without expiry')).toBe('1')
  await page.getByRole('region', { name: 'Top keys' }).getByText('No requests').waitFor()
  await expect(page.getByRole('alert')).toHaveCount(1)
  await page.unroute('**/api/usage?*group_by=external_id*')
  await customers.getByRole('button', { name: 'Try again' }).click()
  await customers.getByText('No requests').waitFor()
})

async function cellsOf(table: ReturnType<Page['getByRole']>): Promise<string[][]> {
  await table.getByRole('cell').first().waitFor()
  const rows = await table.getByRole('row').all()
  const cells = await Promise.all(
    rows.slice(1).map((each) => each.getByRole('cell').allInnerTexts()),
  )
  return cells.map((texts) => texts.map((text) => text.trim()))
}
