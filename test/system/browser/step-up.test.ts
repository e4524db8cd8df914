// Step-up in the dashboard: a dialog takes the password, and the request goes on. In a deployment of its own, whose
// database the test changes.
import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { globSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import { after, test } from 'node:test'
import type { Page } from 'playwright-core'
import { type Server, startEmpty } from '../../support/system/launch.ts'
import { addDevice } from './support/authenticator.ts'
import { assertAccessible } from './support/axe.ts'
import { heading, narrow, signIn, wide } from './support/browser.ts'
import { addPasskey, beginApp, codeField, storeCodes } from './support/factors.ts'
import { screenshot } from './support/screenshots.ts'
import { chromium } from './support/shared.ts'
import { setUpTenant } from './support/tenant.ts'

let server: Server | null = null
after(async () => await server?.stop())

const email = 'ada@northwind.test'
const password = randomUUID()

/** Every session was proved eleven minutes ago. */
function ageSessions({ stateDir }: Server): void {
  let changed = 0
  for (const file of globSync(`${stateDir}/**/*D1DatabaseObject/*.sqlite`)) {
    // The Worker writes to it meanwhile.
    const database = new DatabaseSync(file, { timeout: 10_000 })
    const isOfPeople = database
      .prepare("SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'session'")
      .get()
    if (isOfPeople !== undefined) {
      const aging = database.prepare('UPDATE session SET proved_at = ?')
      changed += Number(aging.run(Date.now() - 11 * 60_000).changes)
    }
    database.close()
  }
  assert.ok(changed > 0, 'no session')
}

async function look(page: Page, name: string): Promise<void> {
  for (const width of [wide, narrow]) {
    await page.setViewportSize({ width, height: 900 })
    await assertAccessible(page, `${name} ${width}`)
    await screenshot(page, `${name}-${width}`, false)
  }
  await page.setViewportSize({ width: wide, height: 900 })
}

async function start(): Promise<Server> {
  const started = await startEmpty()
  const owner = { account: 'Northwind', name: 'Ada Lovelace', email, password }
  await setUpTenant(started.url, owner)
  return started
}

async function openWindow({ url }: Server): Promise<Page> {
  const context = await (await chromium()).newContext({
    baseURL: url,
    viewport: { width: wide, height: 900 },
    reducedMotion: 'reduce',
    acceptDownloads: true,
  })
  context.setDefaultTimeout(20_000)
  return context.newPage()
}

test('a person with a second factor confirms by the strongest that they have', async () => {
  server ??= await start()
  const page = await openWindow(server)
  await signIn(page, email, password)
  await page.goto('/profile')
  const app = await beginApp(page)
  await codeField(page).fill(await app.code())
  await page.getByRole('button', { name: 'Confirm' }).click()
  await storeCodes(page)

  const renew = async () => {
    await page.getByRole('button', { name: 'Make new codes' }).click()
    const renewal = page.getByRole('dialog', { name: 'Make new recovery codes?' })
    await renewal.getByRole('button', { name: 'Make new codes' }).click()
  }
  const dialog = page.getByRole('dialog', { name: 'Confirm it is you' })
  ageSessions(server)
  await renew()
  await dialog.getByLabel('Code').fill('000000')
  await dialog.getByRole('button', { name: 'Confirm' }).click()
  await dialog.getByText('The code is wrong, or was used before.').waitFor()
  await look(page, 'step-up-code')
  await dialog.getByLabel('Code').fill(await app.code())
  await page.keyboard.press('Enter')
  await storeCodes(page)

  await addDevice(page)
  await addPasskey(page, 'Laptop')
  await page.getByText('Passkey Laptop added').waitFor()
  ageSessions(server)
  await renew()
  await dialog.getByText('Use one of your passkeys').waitFor()
  await look(page, 'step-up-passkey')
  await dialog.getByRole('button', { name: 'Use passkey' }).click()
  await storeCodes(page)

  // As the next test finds it.
  await page.getByRole('button', { name: 'Actions for Laptop' }).click()
  await page.getByRole('menuitem', { name: 'Remove…' }).click()
  await page.getByRole('button', { name: 'Remove passkey' }).click()
  await page.getByText('Passkey Laptop removed').waitFor()
  await page.getByRole('button', { name: 'Remove app' }).click()
  const removal = page.getByRole('dialog', { name: /Remove your authenticator app/ })
  await removal.getByRole('button', { name: 'Remove app' }).click()
  await page.getByText('You have no second factor').waitFor()
  await page.context().close()
})

test('an owner of an old session confirms by password, and the request goes on', async () => {
  server ??= await start()
  const page = await openWindow(server)
  await signIn(page, email, password)
  ageSessions(server)

  await page.getByRole('link', { name: 'Account', exact: true }).click()
  await heading(page, 'Account')
  const dialog = page.getByRole('dialog', { name: 'Confirm it is you' })
  const field = dialog.getByLabel('Your password')
  const confirm = dialog.getByRole('button', { name: 'Confirm' })

  // Cancelled: the page shows the refusal.
  await page.getByRole('button', { name: 'Export data' }).click()
  await dialog.getByRole('button', { name: 'Cancel' }).click()
  await page
    .getByRole('alert')
    .getByText(/POST \/api\/auth\/step-up/)
    .waitFor()

  await page.getByRole('button', { name: 'Export data' }).click()
  await field.waitFor()
  assert.ok(await field.evaluate((element) => element === document.activeElement), 'the focus')
  await field.fill('not this one')
  await confirm.click()
  await dialog.getByText('The password is wrong.').waitFor()
  await look(page, 'step-up')
  await field.fill(password)
  const [download] = await Promise.all([page.waitForEvent('download'), confirm.click()])
  assert.match(download.suggestedFilename(), /^latchkey-\d{4}-\d\d-\d\d\.ndjson$/)
  await dialog.waitFor({ state: 'detached' })

  // Over the dialog of an action, which waits.
  ageSessions(server)
  await page.getByRole('button', { name: 'Delete account' }).click()
  const deletion = page.getByRole('dialog', { name: 'Delete Northwind?' })
  await deletion.getByLabel(/Type Northwind/).fill('Northwind')
  await deletion.getByRole('button', { name: 'Delete account' }).click()
  await field.waitFor()
  await look(page, 'step-up-over-dialog')
  await field.pressSequentially(password)
  await page.keyboard.press('Enter')
  await page.getByText(/This account will be deleted on/).waitFor()
  await deletion.waitFor({ state: 'detached' })
  await page.context().close()
})
