// Webhooks with a real receiver: it is added, tested, notified of a key, and deleted.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { until } from '../../support/system/until.ts'
import { startReceiver } from '../webhooks/receiver.ts'
import { createKey, demo, signedIn } from './support/api.ts'
import { detail, heading, openPage, row, signIn } from './support/browser.ts'
import { expect } from './support/expect.ts'

test('an owner adds an endpoint, views and resends its deliveries, rotates its secret and deletes it', async (t) => {
  const receiver = await startReceiver()
  t.after(() => receiver.stop())
  const page = await openPage(t, {}, ['400 (Bad Request)'])
  await signIn(page, demo.owner)
  await page.getByRole('link', { name: 'Webhooks', exact: true }).click()
  await heading(page, 'Webhooks')
  const dialog = page.getByRole('dialog')
  await page.getByRole('button', { name: 'Add endpoint' }).click()
  await dialog.getByLabel('URL').fill('http://10.0.0.1/')
  await dialog.getByRole('button', { name: 'Add endpoint' }).click()
  await dialog.getByText('The URL must begin with https://').first().waitFor()

  await dialog.getByLabel('URL').fill(`${receiver.origin}/browser`)
  await dialog.getByLabel('Description').fill('My receiver')
  await dialog.getByRole('radio', { name: 'Selected events' }).click()
  await dialog.getByRole('checkbox', { name: 'key.revoked' }).click()
  await dialog.getByRole('button', { name: 'Add endpoint' }).click()
  await dialog.getByText('Shown only once').waitFor()
  const secret = await dialog.locator('pre').first().innerText()
  assert.match(secret, /^whsec_/)
  await dialog.getByRole('button', { name: 'Copy secret' }).click()
  await expect.poll(() => page.evaluate(() => navigator.clipboard.readText())).toBe(secret)
  await dialog.getByRole('button', { name: 'I have stored it' }).click()
  await heading(page, 'My receiver')
  assert.ok(!(await page.content()).includes(secret), 'the secret is gone with its dialog')
  await expect(detail(page, 'Events')).toHaveText('key.revoked', { useInnerText: true })

  await page.getByRole('button', { name: 'Send test event' }).click()
  await row(page, 'ping').getByText('Delivered').waitFor()
  assert.ok(receiver.at('/browser')[0]?.isSignedBy(secret))

  const owner = await signedIn(demo.owner)
  const { id } = await createKey(owner, { name: 'Notified of' })
  await owner.post('/api/api-keys/revoke', { ids: [id] })
  await row(page, 'key.revoked').getByText('Delivered').waitFor()
  await page.getByRole('button', { name: 'View key.revoked' }).click()
  await dialog.getByText('"Notified of"').waitFor()
  await dialog.getByRole('button', { name: 'Resend' }).click()
  assert.ok(await until(() => receiver.at('/browser').length === 3))
  const ids = receiver.at('/browser').map((each) => each.id)
  assert.equal(ids[1], ids[2])

  await page.getByRole('button', { name: 'Rotate secret' }).click()
  await dialog.getByRole('button', { name: 'Create new secret' }).click()
  await dialog.getByText('Shown only once').waitFor()
  await expect(dialog.locator('pre').first()).not.toHaveText(secret, { useInnerText: true })
  await dialog.getByRole('button', { name: 'I have stored it' }).click()
  await page.getByText('Previous secret').waitFor()

  await page.getByRole('button', { name: 'Disable' }).click()
  await page.getByText('A disabled endpoint receives no messages').waitFor()
  await page.getByRole('button', { name: 'Enable' }).click()
  await page.getByRole('button', { name: 'Send test event' }).waitFor()
  await page.getByRole('button', { name: 'Delete', exact: true }).click()
  await dialog.getByRole('button', { name: 'Delete endpoint' }).click()
  await heading(page, 'Webhooks')
  await page.getByText('My receiver').waitFor({ state: 'detached' })
  await page.goto('/audit-log')
  await page.getByRole('cell', { name: 'Webhook endpoint deleted' }).first().waitFor()
})

test('a member can view endpoints and deliveries, and cannot change them', async (t) => {
  const owner = await signedIn(demo.owner)
  // An event that no other test causes: the list stays empty.
  const body = {
    url: 'https://example.com/members',
    description: 'Seen by members',
    events: ['key.leaked'],
  }
  await owner.post('/api/webhook-endpoints', body)
  const page = await openPage(t)
  await signIn(page, demo.member)
  await page.goto('/webhooks')
  await page.getByRole('link', { name: 'Seen by members' }).first().click()
  await heading(page, 'Seen by members')
  await page.getByText('No deliveries yet').waitFor()
  for (const name of ['Send test event', 'Edit', 'Rotate secret', 'Disable', 'Delete']) {
    await expect(page.getByRole('button', { name, exact: true }), name).toHaveCount(0)
  }
  await page.goto('/webhooks')
  await expect(page.getByRole('button', { name: 'Add endpoint' })).toBeDisabled()
})
