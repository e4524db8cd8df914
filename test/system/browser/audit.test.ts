// The audit log: what changed from what to what, its span, and the file of what is filtered.
import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import type { Page } from 'playwright'
import { createKey, demo, type Person, signedIn } from './support/api.ts'
import { heading, openKey, openPage, row, signIn } from './support/browser.ts'
import { expect } from './support/expect.ts'
import { look } from './support/look.ts'

const inDays = (days: number) => new Date(Date.now() + days * 86_400_000).toISOString()

/** A key whose name no other test uses. */
async function ownKey(person: Person, fields: Record<string, unknown> = {}) {
  const name = `Audited ${randomUUID().slice(0, 8)}`
  return createKey(person, { name, scopes: ['contacts:read'], ...fields })
}

test('an edit is told field by field, from what to what, on the log and on the page of the key', async (t) => {
  const owner = await signedIn(demo.owner)
  const { id, name } = await ownKey(owner, { expires_at: inDays(30) })
  const page = await openPage(t)
  await signIn(page, demo.owner)
  await openKey(page, name)
  await page.getByRole('button', { name: 'Edit' }).click()
  await page.getByRole('checkbox', { name: /messages:send/ }).click()
  await page.getByRole('combobox', { name: 'Expiration' }).click()
  await page.getByRole('option', { name: 'No expiration' }).click()
  await page.getByRole('button', { name: 'Save changes' }).click()
  await heading(page, name)

  await page.goto(`/audit-log?key_id=${id}`)
  await heading(page, 'Audit log')
  const changed = row(page, 'Key updated')
  await changed.getByText(/Scopes: contacts:read .*contacts:read, messages:send/).waitFor()
  await expect(changed).toHaveText(/Expires: .+ →\s+changed to\s+Never/, { useInnerText: true })
  await look(page, 'audit-changes')
  await page.getByRole('link', { name, exact: true }).first().click()
  await row(page, 'Key updated')
    .getByText(/Scopes:/)
    .waitFor()
})

test('a span is chosen by keyboard alone, stands in the address, and outlives a reload', async (t) => {
  const owner = await signedIn(demo.owner)
  const { id } = await ownKey(owner)
  const page = await openPage(t)
  await signIn(page, demo.owner)
  await page.goto(`/audit-log?key_id=${id}`)
  await row(page, 'Key created').waitFor()
  await page.getByRole('combobox', { name: 'Time' }).focus()
  await page.keyboard.press('Enter')
  await page.getByRole('option', { name: 'Last 7 days' }).waitFor()
  await page.keyboard.press('ArrowDown')
  await page.keyboard.press('ArrowDown')
  await page.keyboard.press('Enter')
  await page.waitForURL(/from=/)
  const from = Date.parse(new URL(page.url()).searchParams.get('from') ?? '')
  assert.ok(Math.abs(Date.now() - 7 * 86_400_000 - from) < 60_000, page.url())
  await row(page, 'Key created').waitFor()

  await page.reload()
  await row(page, 'Key created').waitFor()
  const end = page.getByLabel('To', { exact: true })
  await end.fill('2020-01-01T00:00')
  await page.getByText('Later than the end').waitFor()
  await page.getByLabel('From', { exact: true }).fill('2019-12-31T23:00')
  await page.getByText('No events.').waitFor()
  assert.equal(new URL(page.url()).searchParams.get('to'), '2020-01-01T00:00:00.000Z')
  await page.getByRole('combobox', { name: 'Time' }).click()
  await page.getByRole('option', { name: 'Any time' }).click()
  await row(page, 'Key created').waitFor()
})

test('the file holds what is filtered, page after page, and no formula', async (t) => {
  const owner = await signedIn(demo.owner)
  const { id } = await ownKey(owner)
  // A member may name a key so that a spreadsheet of an owner would run it.
  const formula = '=HYPERLINK("https://evil.test","Invoice")'
  await owner.patch(`/api/api-keys/${id}`, { name: formula })
  for (let turn = 0; turn < 104; turn++)
    await owner.patch(`/api/api-keys/${id}`, { is_active: turn % 2 === 1 })
  const page = await openPage(t)
  await signIn(page, demo.owner)
  await page.goto(`/audit-log?key_id=${id}&action=key.updated`)
  await row(page, 'Key updated').first().waitFor()
  const lines = await exported(page)
  assert.equal(lines.length, 1 + 105)
  assert.ok(lines[0]?.startsWith('"time","action","event","changes"'))
  assert.ok(lines.slice(1).every((line) => line.includes('"key.updated"')))
  assert.ok(lines[1]?.includes('"Enabled: No → Yes"'), lines[1])
  assert.ok(lines.every((line) => line.includes(`"'=HYPERLINK(""https`) || line === lines[0]))
})

test('an export is cancelled, and goes on after a failure with what it had read', async (t) => {
  const owner = await signedIn(demo.owner)
  const { id } = await ownKey(owner)
  for (let turn = 0; turn < 101; turn++)
    await owner.patch(`/api/api-keys/${id}`, { is_active: turn % 2 === 1 })
  const page = await openPage(t, {}, ['Failed to load resource'])
  await signIn(page, demo.owner)
  await page.goto(`/audit-log?key_id=${id}`)
  await row(page, 'Key updated').first().waitFor()
  const asked: (string | null)[] = []
  let { promise: released, resolve: release } = Promise.withResolvers<void>()
  let isDown = false
  await page.route('**/api/audit-events?*limit=100*', async (route) => {
    const cursor = new URL(route.request().url()).searchParams.get('cursor')
    asked.push(cursor)
    if (cursor === null) return route.continue()
    await released
    if (isDown) return route.abort()
    return route.continue()
  })
  await page.getByRole('button', { name: 'Export CSV' }).click()
  await page.getByText('100 events so far').waitFor()
  await page.getByRole('button', { name: 'Cancel export' }).click()
  await page.getByRole('button', { name: 'Export CSV' }).waitFor()
  release()
  isDown = true
  ;({ promise: released, resolve: release } = Promise.withResolvers<void>())
  await page.getByRole('button', { name: 'Export CSV' }).click()
  await page.getByText('100 events so far').waitFor()
  release()
  await page.getByRole('alert').getByText('What was read is kept.').waitFor()
  isDown = false
  asked.length = 0
  const download = page.waitForEvent('download')
  await page.getByRole('button', { name: 'Try again' }).click()
  const file = readFileSync(await (await download).path(), 'utf8')
  assert.equal(file.trim().split('\r\n').length, 1 + 102)
  assert.ok(asked.length === 1 && asked[0] !== null, 'the first page is not read again')
})

async function exported(page: Page): Promise<string[]> {
  const download = page.waitForEvent('download')
  await page.getByRole('button', { name: 'Export CSV' }).click()
  const file = await download
  assert.match(file.suggestedFilename(), /^audit-log-\d{4}-\d{2}-\d{2}\.csv$/)
  return readFileSync(await file.path(), 'utf8')
    .replace(/^\uFEFF/, '')
    .trim()
    .split('\r\n')
}
