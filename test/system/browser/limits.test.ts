// Rate limits and credits of a key.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Page } from 'playwright'
import { createKey, demo, type Person, signedIn } from './support/api.ts'
import { detail, heading, openKey, openPage, signIn } from './support/browser.ts'
import { curl } from './support/curl.ts'
import { expect } from './support/expect.ts'

test('a key is created with rate limits and credits, and changed without changing its balance', async (t) => {
  const owner = await signedIn(demo.owner)
  const page = await openPage(t)
  await signIn(page, demo.owner)
  await page.goto('/keys/new')
  await page.getByLabel('Name', { exact: true }).fill('Limited')
  await page.getByRole('radio', { name: 'No scopes' }).click()
  await page.getByRole('button', { name: 'Rate limits and credits' }).click()
  await page.getByRole('button', { name: 'Add rate limit' }).click()
  await page.getByLabel('Limit 1: requests').fill('a few')
  await page.getByRole('checkbox', { name: 'Requests consume credits' }).click()
  await page.getByRole('button', { name: 'Create key' }).click()
  await page.getByText('Enter whole numbers of at least 1').first().waitFor()
  await page.getByText('Enter a whole number of at least 0').first().waitFor()

  await page.getByLabel('Limit 1: requests').fill('30')
  await page.getByRole('button', { name: 'Add rate limit' }).click()
  await page.getByLabel('Limit 2: requests').fill('500')
  await choose(page, 'Limit 2: unit', 'hours')
  await page.getByLabel('Limit 2: length').fill('6')
  await page.getByLabel('Limit 2: name').fill('burst')
  await choose(page, 'Limit 2: mode', 'Fast: may let a few more pass')
  await page.getByLabel('Initial credits').fill('1200')
  await choose(page, 'Refill', 'Monthly')
  await page.getByLabel('Refill to').fill('2000')
  await page.getByLabel('Day of the month').fill('15')
  await page.getByRole('button', { name: 'Create key' }).click()
  await page.getByRole('button', { name: 'I have stored it' }).click()
  await heading(page, 'Limited')
  const windows = () => detail(page, 'Rate limits').innerText()
  await expect.poll(windows).toBe('30 per minute\n500 per 6 hours, fast (burst)')
  await expect(detail(page, 'Credits')).toHaveText(
    /^1,200 left\s+Add credits\s+Refilled to 2,000 on day 15/,
    { useInnerText: true },
  )
  const refill = { interval: 'monthly', amount: 2000, day: 15 }
  assert.deepEqual(await limitsOf(owner, page), {
    rate_limit: [
      { name: '60s', limit: 30, window_seconds: 60 },
      { name: 'burst', limit: 500, window_seconds: 21_600, mode: 'fast' },
    ],
    credits: { remaining: 1200, refill },
    limits_by: 'key',
  })

  await page.getByRole('button', { name: 'Edit', exact: true }).click()
  await heading(page, 'Edit Limited')
  await page.getByRole('button', { name: 'Remove limit 1' }).click()
  await page.getByLabel('Limit 1: requests').fill('60')
  await page.getByRole('button', { name: 'Save' }).click()
  await heading(page, 'Limited')
  await expect.poll(windows).toBe('60 per 6 hours, fast (burst)')
  assert.deepEqual((await limitsOf(owner, page)).credits, { remaining: 1200, refill })
})

test('keys of one external id share a balance, which a new key joins', async (t) => {
  const owner = await signedIn(demo.owner)
  const name = 'First of two'
  const shared = { external_id: 'customer-shared', limits_by: 'external_id' }
  await createKey(owner, { name, scopes: [], ...shared, credits: { remaining: 70 } })
  const page = await openPage(t)
  await signIn(page, demo.owner)
  await page.goto('/keys/new')
  await page.getByLabel('Name', { exact: true }).fill('Second of two')
  await page.getByRole('radio', { name: 'No scopes' }).click()
  await page.getByRole('button', { name: 'Rate limits and credits' }).click()
  await page.getByRole('checkbox', { name: 'Requests consume credits' }).click()
  const share = page.getByRole('checkbox', { name: 'Share limits' })
  await expect(share, 'without an external id').toBeDisabled()
  await page.getByRole('button', { name: 'External ID, addresses, metadata' }).click()
  await page.getByRole('textbox', { name: 'External ID' }).fill('customer-shared')
  await share.click()
  await page.getByRole('button', { name: 'Create key' }).click()
  await page.getByRole('button', { name: 'I have stored it' }).click()
  await heading(page, 'Second of two')
  await expect(detail(page, 'Credits')).toHaveText(
    /^70 left\s+Add credits\s+Shared by keys of the external ID$/,
    { useInnerText: true },
  )
})

test('a key that stops sharing a balance needs one of its own', async (t) => {
  const owner = await signedIn(demo.owner)
  const name = 'Leaves the others'
  const shared = { external_id: 'customer-left', limits_by: 'external_id' }
  await createKey(owner, { name, scopes: [], ...shared, credits: { remaining: 70 } })
  const page = await openPage(t, {}, ['status of 400'])
  await signIn(page, demo.owner)
  await openKey(page, name)
  await page.getByRole('button', { name: 'Edit', exact: true }).click()
  await page.getByRole('checkbox', { name: 'Share limits' }).click()
  await page.getByRole('button', { name: 'Save' }).click()
  await page.getByText('Required: the balance is not transferred').first().waitFor()
  await page.getByLabel('Set credits to').fill('15')
  await page.getByRole('button', { name: 'Save' }).click()
  await heading(page, name)
  await expect(detail(page, 'Credits')).toHaveText(/^15 left/, { useInnerText: true })
})

test('credits are added once, however often the same request is sent', async (t) => {
  const owner = await signedIn(demo.owner)
  const name = 'Nearly spent'
  const { id, key } = await createKey(owner, { name, scopes: [], credits: { remaining: 1 } })
  assert.equal(await curl(key), 200)
  assert.equal(await curl(key), 429, 'its only credit is spent')
  const page = await openPage(t, {}, ['status of 503'])
  await signIn(page, demo.owner)
  await openKey(page, name)
  await page.getByRole('button', { name: 'Add credits' }).click()
  const dialog = page.getByRole('dialog')
  await dialog.getByLabel('Credits to add').fill('none')
  await dialog.getByRole('button', { name: 'Add credits', exact: true }).click()
  await dialog.getByText('Enter a whole number of at least 1').waitFor()
  await dialog.getByLabel('Credits to add').fill('3')
  // Two responses are lost, also that of the retry: the credits were added, but the page has no response.
  let lost = 0
  await page.route(`**/api/api-keys/${id}/credits`, async (route) => {
    if (lost === 2) return route.continue()
    lost++
    assert.equal((await route.fetch()).status(), 200)
    await route.fulfill({ status: 503, json: { detail: 'The answer was lost.' } })
  })
  await dialog.getByRole('button', { name: 'Add credits', exact: true }).click()
  await dialog.getByText('The answer was lost').waitFor()
  await dialog.getByRole('button', { name: 'Add credits', exact: true }).click()
  await page.getByText('3 credits added').waitFor()
  await expect(detail(page, 'Credits')).toHaveText(/^3 left/, { useInnerText: true })
  assert.equal(await curl(key), 200)
})

test('members see limits and credits, and cannot add any', async (t) => {
  const name = 'Not for members'
  await createKey(await signedIn(demo.owner), { name, scopes: [], credits: { remaining: 9 } })
  const page = await openPage(t)
  await signIn(page, demo.member)
  await openKey(page, name)
  await expect(detail(page, 'Credits')).toHaveText('9 left', { useInnerText: true })
  await expect(page.getByRole('button', { name: 'Add credits' })).toHaveCount(0)
})

async function choose(page: Page, name: string, option: string): Promise<void> {
  await page.getByRole('combobox', { name }).click()
  await page.getByRole('option', { name: option }).click()
}

/** The limits of the key on this page, from the API. */
async function limitsOf(person: Person, page: Page) {
  const id = new URL(page.url()).pathname.split('/').at(-1)
  type Limits = { rate_limit: unknown; credits: unknown; limits_by: unknown }
  const { data } = await person.get<{ data: Limits }>(`/api/api-keys/${id}`)
  const { rate_limit, credits, limits_by } = data
  return { rate_limit, credits, limits_by }
}
