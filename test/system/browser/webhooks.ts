// Webhooks as a person sets them up: a real receiver is added, tested, told of a key, and deleted.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { startReceiver } from '../webhooks/receiver.ts'
import { demo, makeKey, signedIn } from './support/api.ts'
import { fact, heading, openPage, row, signIn } from './support/browser.ts'

test('an owner adds an endpoint, sees what it was told, sends it again, rotates and deletes', async (t) => {
  const receiver = await startReceiver()
  t.after(() => receiver.stop())
  const page = await openPage(t, {}, ['400 (Bad Request)'])
  await signIn(page, demo.owner)
  await page.getByRole('link', { name: 'Webhooks', exact: true }).click()
  await heading(page, 'Webhooks')
  const dialog = page.getByRole('dialog')
  await page.getByRole('button', { name: 'Add endpoint' }).click()
  await dialog.getByLabel('URL').fill('http://10.0.0.1/')
  await dialog.getByRole('button', { name: 'Add', exact: true }).click()
  await dialog.getByText('The URL must begin with https://').first().waitFor()

  await dialog.getByLabel('URL').fill(`${receiver.origin}/browser`)
  await dialog.getByLabel('Description').fill('My receiver')
  await dialog.getByRole('radio', { name: 'Chosen ones' }).click()
  await dialog.getByRole('checkbox', { name: 'key.revoked' }).click()
  await dialog.getByRole('button', { name: 'Add', exact: true }).click()
  await dialog.getByText('It is shown this once only').waitFor()
  const secret = await dialog.locator('pre').first().innerText()
  assert.match(secret, /^whsec_/)
  await dialog.getByRole('button', { name: 'Copy secret' }).click()
  assert.equal(await page.evaluate(() => navigator.clipboard.readText()), secret)
  await dialog.getByRole('button', { name: 'I have stored it' }).click()
  await heading(page, 'My receiver')
  assert.ok(!(await page.content()).includes(secret), 'the secret is gone with its dialog')
  assert.equal(await fact(page, 'Events'), 'key.revoked')

  await page.getByRole('button', { name: 'Send a test' }).click()
  await row(page, 'ping').getByText('Delivered').waitFor()
  assert.ok(receiver.at('/browser')[0]?.isSignedBy(secret))

  const owner = await signedIn(demo.owner)
  const { id } = await makeKey(owner, { name: 'Told of' })
  await owner.post('/api/api-keys/revoke', { ids: [id] })
  await row(page, 'key.revoked').getByText('Delivered').waitFor({ timeout: 30_000 })
  await page.getByRole('button', { name: 'Show key.revoked' }).click()
  await dialog.getByText('"Told of"').waitFor()
  await dialog.getByRole('button', { name: 'Send again' }).click()
  await assertArrives(() => receiver.at('/browser').length === 3)
  const ids = receiver.at('/browser').map((each) => each.id)
  assert.equal(ids[1], ids[2])

  await page.getByRole('button', { name: 'Rotate secret' }).click()
  await dialog.getByRole('button', { name: 'Make the new secret' }).click()
  await dialog.getByText('It is shown this once only').waitFor()
  assert.notEqual(await dialog.locator('pre').first().innerText(), secret)
  await dialog.getByRole('button', { name: 'I have stored it' }).click()
  await page.getByText('signs too').waitFor()

  await page.getByRole('button', { name: 'Disable' }).click()
  await page.getByText('It is told nothing until somebody enables it').waitFor()
  await page.getByRole('button', { name: 'Enable' }).click()
  await page.getByRole('button', { name: 'Send a test' }).waitFor()
  await page.getByRole('button', { name: 'Delete', exact: true }).click()
  await dialog.getByRole('button', { name: 'Delete', exact: true }).click()
  await heading(page, 'Webhooks')
  await page.getByText('My receiver').waitFor({ state: 'detached' })
  await page.goto('/audit-log')
  await page.getByRole('cell', { name: 'Webhook endpoint deleted' }).first().waitFor()
})

test('a member sees endpoints and what they were told, and changes nothing', async (t) => {
  const owner = await signedIn(demo.owner)
  const body = { url: 'https://example.com/members', description: 'Seen by members' }
  await owner.post('/api/webhook-endpoints', body)
  const page = await openPage(t)
  await signIn(page, demo.member)
  await page.goto('/webhooks')
  await page.getByRole('link', { name: 'Seen by members' }).first().click()
  await heading(page, 'Seen by members')
  await page.getByText('Nothing has been sent yet').waitFor()
  for (const name of ['Send a test', 'Edit', 'Rotate secret', 'Disable', 'Delete']) {
    assert.equal(await page.getByRole('button', { name, exact: true }).count(), 0, name)
  }
  await page.goto('/webhooks')
  assert.equal(await page.getByRole('button', { name: 'Add endpoint' }).isDisabled(), true)
})

async function assertArrives(isThere: () => boolean): Promise<void> {
  const deadline = Date.now() + 20_000
  while (!isThere() && Date.now() < deadline) await new Promise((wake) => setTimeout(wake, 50))
  assert.ok(isThere())
}
