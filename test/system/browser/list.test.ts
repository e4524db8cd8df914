// The list of keys: its filters and its order are in its address, and each can be taken back by itself.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Page } from 'playwright'
import { createKey, demo, signedIn } from './support/api.ts'
import { openPage, row, signIn } from './support/browser.ts'
import { expect } from './support/expect.ts'
import { lookEverywhere } from './support/look.ts'

const dayMs = 86_400_000
const inDays = (days: number) => new Date(Date.now() + days * dayMs).toISOString()

const namesShown = async (page: Page) =>
  (await page.getByRole('row').getByRole('link').allInnerTexts()).map((name) => name.trim())

/** Until the list shows these, in this order. */
async function shows(page: Page, names: string[]): Promise<void> {
  await page.waitForFunction(
    (wanted) =>
      [...document.querySelectorAll('tbody tr a')].map((link) => link.textContent).join() ===
      wanted,
    names.join(),
  )
}

test('a list is filtered by customer, scope and expiry, sorted by its heads, and shared by its address', async (t) => {
  const owner = await signedIn(demo.owner)
  const external_id = `c-${crypto.randomUUID().slice(0, 8)}`
  const of = { external_id, scopes: ['contacts:read'] }
  await createKey(owner, { ...of, name: 'Beta', expires_at: inDays(3) })
  await createKey(owner, { ...of, name: 'alpha', expires_at: inDays(60) })
  await createKey(owner, { ...of, name: 'Gamma', scopes: ['messages:send'] })
  const page = await openPage(t)
  await signIn(page, demo.owner)

  await page.getByRole('button', { name: 'More filters' }).click()
  await page.getByLabel('Customer').fill(external_id)
  await page.keyboard.press('Enter')
  await shows(page, ['Gamma', 'alpha', 'Beta'])
  const head = (name: string) => page.getByRole('columnheader', { name })
  await expect(head('Created')).toHaveAttribute('aria-sort', 'descending')
  await head('Name').getByRole('button').press('Enter')
  await shows(page, ['alpha', 'Beta', 'Gamma'])
  await expect(head('Name')).toHaveAttribute('aria-sort', 'ascending')
  await head('Expires').getByRole('button').click()
  await shows(page, ['Beta', 'alpha', 'Gamma'])
  const soon = row(page, 'Beta').getByText('in 3 days')
  const later = row(page, 'alpha').getByText(/^in \d+ days$/)
  const isMarked = (time: Element) =>
    getComputedStyle(time.parentElement ?? time, '::before').content !== 'none'
  assert.deepEqual([await soon.evaluate(isMarked), await later.evaluate(isMarked)], [true, false])
  await head('Expires').getByRole('button').click()
  await shows(page, ['Gamma', 'alpha', 'Beta'])

  await page.getByRole('combobox', { name: 'Scope' }).click()
  await page.getByRole('option', { name: 'contacts:read', exact: true }).click()
  await shows(page, ['alpha', 'Beta'])
  await lookEverywhere(page, 'list-filtered')

  const shared = await page.context().newPage()
  await shared.goto(page.url())
  await shows(shared, ['alpha', 'Beta'])
  await shared.getByRole('button', { name: 'With contacts:read' }).click()
  await shows(shared, ['Gamma', 'alpha', 'Beta'])
  await shared.getByRole('link', { name: 'Clear all' }).click()
  await shared.waitForURL(/\/keys$/)
  assert.ok((await namesShown(shared)).length >= 3)
})
