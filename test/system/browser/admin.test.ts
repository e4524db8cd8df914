// An admin: changes keys, and can grant only the scopes of the role.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createKey, demo, signedIn } from './support/api.ts'
import { heading, openKey, openPage, signIn } from './support/browser.ts'
import { curl } from './support/curl.ts'
import { expect } from './support/expect.ts'

test('an admin creates a key with an expiration and allowed addresses, and cannot grant reserved scopes', async (t) => {
  const page = await openPage(t, {}, ['status of 400'])
  await signIn(page, demo.admin)
  await page.getByRole('button', { name: 'Create API key' }).click()
  await page.getByRole('button', { name: 'Create key' }).click()
  await page.getByText('Enter a name').first().waitFor()
  await page.getByText('Select at least one scope').first().waitFor()

  await page.getByLabel('Name', { exact: true }).fill('Office only')
  await page.getByRole('combobox', { name: 'Expiration' }).click()
  await page.getByRole('option', { name: '30 days' }).click()
  await page.getByRole('combobox', { name: 'Token format' }).click()
  await page.getByRole('option', { name: /wacrm_live_/ }).click()
  await page.getByRole('checkbox', { name: /contacts:read/ }).click()
  const reserved = page.getByRole('checkbox', { name: /keys:manage/ })
  await expect(reserved).toBeDisabled()
  await page.getByText('Only owners can grant this scope').first().waitFor()
  await page.getByRole('button', { name: 'External ID, addresses, metadata' }).click()
  await page.getByRole('textbox', { name: 'Allowed IP addresses' }).fill('203.0.113.7\nnonsense')
  await page.getByRole('button', { name: 'Create key' }).click()
  const alert = page.getByRole('alert').filter({ hasText: 'Request ID' })
  await alert.getByText('Not an IP address or CIDR block').waitFor()
  await page
    .getByRole('textbox', { name: 'Allowed IP addresses' })
    .fill('203.0.113.7, 2001:db8::/32')
  await page.getByRole('button', { name: 'Create key' }).click()

  await page.getByRole('button', { name: 'I have stored it' }).waitFor()
  const token = await page.getByRole('dialog').locator('pre').first().innerText()
  assert.match(token, /^wacrm_live_[0-9A-Za-z]{39}$/)
  assert.equal(await curl(token), 403, 'this machine has another address')
  await page.getByRole('button', { name: 'I have stored it' }).click()
  await heading(page, 'Office only')
  await page.getByText('2001:db8::/32').waitFor()
  await page.getByText('in 30 days').waitFor()
})

test('an admin disables a key and enables it again', async (t) => {
  const name = 'Switched'
  const { key: token } = await createKey(await signedIn(demo.admin), { name })
  const page = await openPage(t)
  await signIn(page, demo.admin)
  await openKey(page, name)
  await page.getByRole('button', { name: 'Disable' }).click()
  await page.getByRole('dialog').getByRole('button', { name: 'Disable key' }).click()
  await page.getByText(`${name} disabled`).waitFor()
  assert.equal(await curl(token), 401)
  await page.getByRole('button', { name: 'Enable' }).click()
  await page.getByRole('dialog').getByRole('button', { name: 'Enable key' }).click()
  await page.getByText(`${name} enabled`).waitFor()
  assert.equal(await curl(token), 200)
})

test('an admin changes the scopes of a key, and the change is in force when the page confirms it', async (t) => {
  const name = 'Shrinking'
  const scopes = ['contacts:read', 'messages:read']
  const { key: token } = await createKey(await signedIn(demo.admin), { name, scopes })
  assert.equal(await curl(token, '/api/messages'), 200)
  const page = await openPage(t)
  await signIn(page, demo.admin)
  await openKey(page, name)
  await page.getByRole('button', { name: 'Edit' }).click()
  await heading(page, `Edit ${name}`)
  await page.getByLabel('Name', { exact: true }).fill('Shrunk')
  await page.getByRole('checkbox', { name: /messages:read/ }).click()
  await page.getByRole('button', { name: 'Save' }).click()
  await page.getByText('Waiting for all regions to apply the change').waitFor()
  await heading(page, 'Shrunk')
  assert.equal(await curl(token, '/api/messages'), 403)
  assert.equal(await curl(token, '/api/contacts'), 200)
  const changed = page.getByRole('row').filter({ hasText: 'Key updated' })
  await changed.getByText(/Name: Shrinking .*Shrunk/).waitFor()
  await changed.getByText(/Scopes: .*messages:read/).waitFor()
})
