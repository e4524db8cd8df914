// Step-up in the dashboard: a dialog takes the password, and the request goes on. In a deployment of its own, whose
// database the test changes.
import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { after, test } from 'node:test'
import { ageSessions } from '../../support/system/database.ts'
import { type Server, startEmpty } from '../../support/system/launch.ts'
import { addDevice } from './support/authenticator.ts'
import { heading, openWindow, signIn } from './support/browser.ts'
import { expect } from './support/expect.ts'
import { addPasskey, beginApp, codeField, storeCodes } from './support/factors.ts'
import { look } from './support/look.ts'
import { setUpTenant } from './support/tenant.ts'

let server: Server | null = null
after(async () => await server?.stop())

const email = 'ada@northwind.test'
const password = randomUUID()

async function start(): Promise<Server> {
  const started = await startEmpty()
  const owner = { account: 'Northwind', name: 'Ada Lovelace', email, password }
  await setUpTenant(started.url, owner)
  return started
}

test('a person with a second factor confirms by the strongest that they have', async () => {
  server ??= await start()
  const page = await openWindow(server.url)
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
  await ageSessions(server)
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
  await ageSessions(server)
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

test('a sign-in token for the command line is copied after step-up, and shown nowhere', async () => {
  server ??= await start()
  const page = await openWindow(server.url)
  await page.context().grantPermissions(['clipboard-read', 'clipboard-write'])
  await signIn(page, email, password)
  await page.goto('/profile')
  await page.bringToFront()
  const card = page.getByRole('region', { name: 'Command line' })
  const copied = async () => {
    await card.getByText('Copied. Paste it').waitFor()
    return page.evaluate(() => navigator.clipboard.readText())
  }
  const exportWith = (token: string) =>
    fetch(`${server?.url}/api/account/export`, { headers: { authorization: `Bearer ${token}` } })
  const button = card.getByRole('button', { name: 'Copy sign-in token' })
  await button.click()
  const first = await copied()
  assert.equal((await exportWith(first)).status, 200)

  await ageSessions(server)
  await page.evaluate(() => navigator.clipboard.writeText('nothing'))
  await button.click()
  const dialog = page.getByRole('dialog', { name: 'Confirm it is you' })
  await dialog.getByRole('button', { name: 'Cancel' }).click()
  await dialog.waitFor({ state: 'detached' })
  await expect.poll(() => page.evaluate(() => navigator.clipboard.readText())).toBe('nothing')
  await button.click()
  await dialog.getByLabel('Your password').fill(password)
  await dialog.getByRole('button', { name: 'Confirm' }).click()
  const second = await copied()
  assert.equal((await exportWith(second)).status, 200)
  const shown = await page.content()
  assert.ok(!shown.includes(first) && !shown.includes(second))
  await look(page, 'profile-command-line')
  await page.context().close()
})

test('an owner of an old session confirms by password, and the request goes on', async () => {
  server ??= await start()
  const page = await openWindow(server.url)
  await signIn(page, email, password)
  await ageSessions(server)

  await page.getByRole('link', { name: 'Account', exact: true }).click()
  await heading(page, 'Account')
  const dialog = page.getByRole('dialog', { name: 'Confirm it is you' })
  const field = dialog.getByLabel('Your password')
  const confirm = dialog.getByRole('button', { name: 'Confirm' })

  // Cancelled: the page shows the refusal.
  await page.getByRole('button', { name: 'Export data' }).click()
  await dialog.getByRole('button', { name: 'Cancel' }).click()
  await page.getByRole('alert').getByText('Confirm that it is you').waitFor()

  await page.getByRole('button', { name: 'Export data' }).click()
  await field.waitFor()
  await expect(field, 'the focus').toBeFocused()
  await field.fill('not this one')
  await confirm.click()
  await dialog.getByText('The password is wrong.').waitFor()
  await look(page, 'step-up')
  await field.fill(password)
  const [download] = await Promise.all([page.waitForEvent('download'), confirm.click()])
  assert.match(download.suggestedFilename(), /^latchkey-\d{4}-\d\d-\d\d\.ndjson$/)
  await dialog.waitFor({ state: 'detached' })

  // Over the dialog of an action, which waits.
  await ageSessions(server)
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
