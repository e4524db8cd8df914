// Many keys at a time: selected over pages, revoked or disabled together, and saved as CSV.
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import type { Page } from 'playwright'
import { createKey, demo, signedIn } from './support/api.ts'
import { openPage, row, signIn } from './support/browser.ts'
import { expect } from './support/expect.ts'
import { tabTo } from './support/keyboard.ts'
import { lookEverywhere } from './support/look.ts'
import { latchkey } from './support/shared.ts'

const newCustomer = () => `c-${crypto.randomUUID().slice(0, 8)}`

async function createKeys(external_id: string, names: readonly string[]) {
  const owner = await signedIn(demo.owner)
  const keys = []
  for (const name of names) keys.push(await createKey(owner, { external_id, name, scopes: [] }))
  return { owner, keys }
}

async function openList(page: Page, external_id: string): Promise<void> {
  await page.goto(`${new URL(page.url()).origin}/keys?external_id=${external_id}`)
  await page.getByRole('row').nth(1).waitFor()
}

const select = (page: Page, name: string) =>
  page.getByRole('checkbox', { name: `Select ${name}`, exact: true })

test('keys are selected over pages, revoked with one wait, and fail on their next request', async (t) => {
  const external_id = newCustomer()
  const names = Array.from({ length: 27 }, (_, at) => `Worker ${at + 1}`)
  const { keys } = await createKeys(external_id, names)
  const page = await openPage(t)
  await signIn(page, demo.owner)
  await openList(page, external_id)
  await page.getByRole('checkbox', { name: 'Select all keys of this page' }).check()
  await page.getByText('25 selected').waitFor()
  await select(page, 'Worker 27').uncheck()
  await page.getByText('24 selected').waitFor()
  await page.getByRole('button', { name: 'Older' }).click()
  await select(page, 'Worker 1').check()
  await page.getByText('25 selected').waitFor()
  await lookEverywhere(page, 'list-selected')

  const asked: string[] = []
  page.on('request', (request) => {
    if (request.method() !== 'GET') asked.push(new URL(request.url()).pathname)
  })
  await page.getByRole('button', { name: 'Revoke…' }).click()
  const dialog = page.getByRole('dialog', { name: 'Revoke 25 keys?' })
  await dialog.getByText('and 15 more').waitFor()
  const submit = dialog.getByRole('button', { name: 'Revoke keys' })
  await expect(submit).toBeDisabled()
  await dialog.getByRole('textbox').fill('25')
  await lookEverywhere(page, 'revoke-selected')
  await submit.click()
  await page.getByText('25 keys revoked').waitFor()
  assert.deepEqual(asked, ['/api/api-keys/revoke'])
  await page.getByRole('region', { name: 'Selected keys' }).waitFor({ state: 'detached' })
  await expect.poll(() => page.evaluate(() => document.activeElement?.tagName)).toBe('H1')
  const me = async (at: number) =>
    (
      await fetch(`${await latchkey()}/api/v1/me`, {
        headers: { 'x-api-key': keys[at]?.key ?? '' },
      })
    ).status
  assert.deepEqual([await me(0), await me(1), await me(25), await me(26)], [401, 200, 401, 200])
})

test('keys are disabled together, and those that were not stay selected', async (t) => {
  const external_id = newCustomer()
  const { keys } = await createKeys(external_id, ['One', 'Two', 'Three'])
  const page = await openPage(t, {}, ['Failed to load resource'])
  await signIn(page, demo.owner)
  await openList(page, external_id)
  await page.getByRole('checkbox', { name: 'Select all keys of this page' }).check()
  let isDown = true
  await page.route(`**/api/api-keys/${keys[1]?.id}`, (route) =>
    isDown && route.request().method() === 'PATCH' ? route.abort() : route.continue(),
  )
  await page.getByRole('button', { name: 'Disable…' }).click()
  const dialog = page.getByRole('dialog', { name: 'Disable 3 keys?' })
  await dialog.getByRole('button', { name: 'Disable keys' }).click()
  await dialog.getByText('2 of 3 were disabled. These were not:').waitFor()
  assert.equal((await dialog.getByRole('listitem').allInnerTexts()).length, 1)
  isDown = false
  await dialog.getByRole('button', { name: 'Disable keys' }).click()
  await page.getByText('1 key disabled').waitFor()
  for (const name of ['One', 'Two', 'Three']) {
    await row(page, name).getByText('Disabled').waitFor()
  }
})

test('by keyboard alone: selects, opens the dialog and comes back', async (t) => {
  const external_id = newCustomer()
  await createKeys(external_id, ['By keyboard'])
  const page = await openPage(t)
  await signIn(page, demo.owner)
  await openList(page, external_id)
  await tabTo(page, select(page, 'By keyboard'))
  await page.keyboard.press('Space')
  await page.getByText('1 selected').waitFor()
  await tabTo(page, page.getByRole('button', { name: 'Disable…' }), 'Shift+Tab')
  await page.keyboard.press('Enter')
  await page.getByRole('dialog', { name: 'Disable 1 key?' }).waitFor()
  await page.keyboard.press('Escape')
  await page.getByRole('dialog').waitFor({ state: 'detached' })
  const focused = () => page.evaluate(() => document.activeElement?.textContent)
  await expect.poll(() => focused()).toBe('Disable…')
  await page.keyboard.press('Tab')
  await page.keyboard.press('Tab')
  await expect.poll(() => focused()).toBe('Clear selection')
  await page.keyboard.press('Enter')
  await expect(select(page, 'By keyboard')).not.toBeChecked()
})

test('a member sees no checkboxes, and saves what the list shows', async (t) => {
  const external_id = newCustomer()
  const { owner } = await createKeys(external_id, ['=1+1', 'Plain'])
  const other = await createKey(owner, { name: 'Of nobody', scopes: [] })
  const page = await openPage(t)
  await signIn(page, demo.member)
  await openList(page, external_id)
  await expect(page.getByRole('checkbox')).toHaveCount(0)
  const download = page.waitForEvent('download')
  await page.getByRole('button', { name: 'Export CSV' }).click()
  const file = await download
  assert.match(file.suggestedFilename(), /^api-keys-\d{4}-\d{2}-\d{2}\.csv$/)
  const [head = '', ...lines] = readFileSync(await file.path(), 'utf8')
    .trim()
    .split('\r\n')
  assert.match(head, /"id","name","status"/)
  assert.equal(lines.length, 2)
  assert.match(lines[0] ?? '', /"Plain","active","whm","live"/)
  assert.match(lines[1] ?? '', /"'=1\+1"/, 'no spreadsheet runs a name')
  assert.ok(!lines.join().includes(other.id))
  await expect
    .poll(() => page.evaluate(() => document.activeElement?.textContent?.trim()))
    .toBe('Export CSV')
})
