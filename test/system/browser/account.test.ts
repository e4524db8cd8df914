// Sessions, the password, the export of an account, its deletion and the cancelled deletion. In a deployment of
// its own, since all keys stop working.
import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { after, test } from 'node:test'
import type { Page } from 'playwright'
import { type Server, startEmpty } from '../../support/system/launch.ts'
import { assertAccessible } from './support/axe.ts'
import { heading, narrow, signIn, wide } from './support/browser.ts'
import { expect } from './support/expect.ts'
import { screenshot } from './support/screenshots.ts'
import { chromium } from './support/shared.ts'
import { setUpTenant } from './support/tenant.ts'

let server: Server | null = null
after(async () => await server?.stop())

const email = 'ada@northwind.test'
const password = randomUUID()

/** A window on a deployment of its own. Console errors are collected in `errors`. */
async function open(look: { theme: 'light' | 'dark'; width: number }, errors: string[]) {
  server ??= await startEmpty()
  const context = await (await chromium()).newContext({
    baseURL: server.url,
    viewport: { width: look.width, height: 900 },
    colorScheme: look.theme,
    reducedMotion: 'reduce',
    acceptDownloads: true,
  })
  context.setDefaultTimeout(60_000)
  context.on('console', (message) => {
    if (['error', 'warning'].includes(message.type())) errors.push(message.text())
  })
  context.on('weberror', (error) => errors.push(String(error.error().stack)))
  return context.newPage()
}

const looks = [
  { name: 'light-1440', theme: 'light', width: wide },
  { name: 'dark-1440', theme: 'dark', width: wide },
  { name: 'light-375', theme: 'light', width: narrow },
  { name: 'dark-375', theme: 'dark', width: narrow },
] as const

async function look(page: Page, name: string) {
  for (const { name: suffix, theme, width } of looks) {
    await page.emulateMedia({ colorScheme: theme, reducedMotion: 'reduce' })
    await page.evaluate((mode) => {
      document.documentElement.dataset.mode = mode
    }, theme)
    await page.setViewportSize({ width, height: 900 })
    await assertAccessible(page, `${name} ${suffix}`)
    const overflow = await page.evaluate(
      () => document.documentElement.scrollWidth - document.documentElement.clientWidth,
    )
    assert.equal(overflow, 0, `${name} ${suffix} scrolls sideways`)
    await screenshot(page, `${name}-${suffix}`)
  }
  await page.setViewportSize({ width: wide, height: 900 })
}

test('an owner ends sessions, exports the account, deletes it and cancels the deletion', async () => {
  const errors: string[] = []
  const page = await open({ theme: 'light', width: wide }, errors)
  const url = server?.url ?? ''
  await setUpTenant(url, { account: 'Northwind', name: 'Ada Lovelace', email, password })
  const lost = await open({ theme: 'light', width: wide }, errors)
  await signIn(lost, email, password)
  await signIn(page, email, password)
  const made = await page.request.post('/api/api-keys', {
    data: { name: 'Checkout' },
    headers: { origin: url },
  })
  const { key, id } = (await made.json()).data

  await page.getByRole('link', { name: /Ada Lovelace/ }).click()
  await heading(page, 'Profile')
  await page.getByText('Current session').waitFor()
  await look(page, 'profile')
  await page.getByRole('button', { name: 'End all other sessions' }).click()
  await page.getByText('1 session ended').waitFor()
  await page.getByRole('button', { name: /^End session/ }).waitFor({ state: 'detached' })
  errors.splice(0)
  await lost.goto('/members')
  await heading(lost, 'Sign in')

  await page.getByLabel('Current password').fill('not this one')
  await page.getByLabel('New password').fill(`${password}-new`)
  await page.getByRole('button', { name: 'Change password' }).click()
  await page
    .getByRole('alert')
    .getByText(/Invalid password/)
    .waitFor()
  await page.getByLabel('Current password').fill(password)
  await page.getByRole('button', { name: 'Change password' }).click()
  await page
    .getByText(/Password changed/)
    .first()
    .waitFor()

  await page.getByRole('link', { name: 'Account', exact: true }).click()
  await heading(page, 'Account')
  await look(page, 'account')
  const [download] = await Promise.all([
    page.waitForEvent('download'),
    page.getByRole('button', { name: 'Export data' }).click(),
  ])
  assert.match(download.suggestedFilename(), /^latchkey-\d{4}-\d\d-\d\d\.ndjson$/)
  const lines = readFileSync((await download.path()) ?? '', 'utf8')
    .trimEnd()
    .split('\n')
  assert.equal(lines.map((line) => JSON.parse(line)).find(({ type }) => type === 'key')?.id, id)
  assert.equal(JSON.parse(lines.at(-1) ?? '').type, 'end')

  const verdict = async () =>
    (await fetch(`${url}/api/v1/me`, { headers: { 'x-api-key': key } })).status
  assert.equal(await verdict(), 200)
  await page.getByRole('button', { name: 'Delete account' }).click()
  const dialog = page.getByRole('dialog')
  const confirm = dialog.getByRole('button', { name: 'Delete account' })
  await expect(confirm).toBeDisabled()
  await dialog.getByLabel(/Type Northwind/).fill('Northwind')
  await screenshot(page, 'account-delete', false)
  await confirm.click()
  await page.getByText(/This account will be deleted on/).waitFor()
  assert.equal(await verdict(), 401)
  await look(page, 'account-closing')

  await page.getByRole('button', { name: 'Cancel deletion' }).click()
  await page.getByText(/This account will be deleted on/).waitFor({ state: 'detached' })
  assert.equal(await verdict(), 200)
  const unexpected = errors.filter((text) => !text.includes('Failed to load resource'))
  assert.deepEqual(unexpected, [])
  await page.context().close()
  await lost.context().close()
})
