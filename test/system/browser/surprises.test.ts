// Odd names, what is no longer so, and errors in words.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createKey, demo, inviteMember, signedIn, waitForUsage } from './support/api.ts'
import { detail, heading, openKey, openPage, row, signIn } from './support/browser.ts'
import { curl } from './support/curl.ts'
import { expect } from './support/expect.ts'
import { look } from './support/look.ts'

const failedLoads = ['Failed to load resource']

test('a prefix is found as the list shows it, and an external id that looks like a token is left alone', async (t) => {
  const owner = await signedIn(demo.owner)
  const externalId = 'customer_0123456789abcdef0123'
  const { key, key_prefix } = await createKey(owner, {
    name: 'Found again',
    external_id: externalId,
  })
  const page = await openPage(t)
  await signIn(page, demo.owner)
  const search = page.getByRole('searchbox')
  for (const text of [`whm_${key_prefix}…`, key_prefix, externalId]) {
    await search.fill(text)
    await row(page, 'Found again').waitFor()
    await expect(search).toHaveValue(text)
    await search.fill('nothing of the kind')
    await page.getByText('No matching keys').waitFor()
  }
  await search.fill(key)
  await row(page, 'Found again').waitFor()
  await expect(search, 'a whole token never gets into the address').toHaveValue(key_prefix)
})

test('a name from right to left, and one with two spaces, change no sentence and can be confirmed', async (t) => {
  const owner = await signedIn(demo.owner)
  const name = 'שלום  (prod)'
  const { id, key_prefix } = await createKey(owner, { name })
  const page = await openPage(t)
  await signIn(page, demo.owner)
  await page.goto(`/keys/${id}`)
  await page.getByRole('button', { name: 'Revoke', exact: true }).click()
  const title = page.getByRole('dialog').getByRole('heading')
  // Not `toHaveText`, which takes one space for two.
  await expect.poll(() => title.locator('bdi').innerText()).toBe('שלום (prod)')
  await look(page, 'revoke-right-to-left')
  await page.getByLabel(/to confirm/).fill(key_prefix)
  await page.getByRole('button', { name: 'Revoke key' }).click()
  await page.getByText('The key is kept as a record').waitFor()
})

test('errors of the form name the line, have the focus, and go when their field is edited', async (t) => {
  const page = await openPage(t, {}, failedLoads)
  await signIn(page, demo.owner)
  await page.goto('/keys/new')
  await page.getByRole('button', { name: 'Create key' }).click()
  const name = page.getByLabel('Name', { exact: true })
  await page.getByText('Enter a name').first().waitFor()
  await name.and(page.locator(':focus')).waitFor()
  await name.fill('With addresses')
  await page.getByText('Enter a name').first().waitFor({ state: 'detached' })
  await page.getByRole('checkbox', { name: /contacts:read/ }).click()
  await page.getByRole('button', { name: 'External ID, addresses, metadata' }).click()
  const addresses = page.getByLabel('Allowed IP addresses', { exact: true })
  await addresses.fill('203.0.113.7\n\n999.1.1.1')
  await page.getByRole('button', { name: 'Create key' }).click()
  await page.getByText('Line 3: 999.1.1.1 is not an IP address or CIDR block').first().waitFor()
  await addresses.and(page.locator(':focus')).waitFor()
  await look(page, 'new-key-wrong-address')
  await addresses.fill('203.0.113.7')
  await page
    .getByText(/Line 3/)
    .first()
    .waitFor({ state: 'detached' })
  await page.getByRole('alert').waitFor({ state: 'detached' })
})

test('Edit and then Cancel is one step back', async (t) => {
  const { id } = await createKey(await signedIn(demo.owner), { name: 'Edited and left' })
  const page = await openPage(t)
  await signIn(page, demo.owner)
  await page.goto('/keys?search=Edited')
  await row(page, 'Edited and left').getByRole('link').click()
  await page.getByRole('button', { name: 'Edit', exact: true }).click()
  await page.getByRole('button', { name: 'Cancel' }).click()
  await heading(page, 'Edited and left')
  assert.match(page.url(), new RegExp(`/keys/${id}$`))
  await page.goBack()
  await row(page, 'Edited and left').waitFor()
})

test('a key that was revoked elsewhere says so in its open dialog, and a rotated key is told from its successor', async (t) => {
  const owner = await signedIn(demo.owner)
  const { id } = await createKey(owner, { name: 'Twice at once' })
  const page = await openPage(t)
  await page.clock.install()
  await signIn(page, demo.owner)
  await openKey(page, 'Twice at once')
  await page.getByRole('button', { name: 'Disable', exact: true }).click()
  await page.getByRole('heading', { name: 'Disable Twice at once?' }).waitFor()
  await owner.post('/api/api-keys/revoke', { ids: [id] })
  await page.clock.runFor(31_000)
  await page.getByRole('heading', { name: 'Twice at once is revoked' }).waitFor()
  await look(page, 'revoked-meanwhile')
  await page.getByRole('button', { name: 'Close' }).click()

  const old = await createKey(owner, { name: 'In two versions' })
  await owner.post(`/api/api-keys/${old.id}/rotate`, { overlap_seconds: 3_600 })
  await page.goto('/keys?search=In two versions')
  await row(page, 'In two versions').first().waitFor()
  const badges = await row(page, 'In two versions').allInnerTexts()
  assert.deepEqual(
    badges.map((text) => /Rotated|Active/.exec(text)?.[0]),
    ['Active', 'Rotated'],
  )
})

test('what is shown follows the time: an expired key, and its last use beside its requests', async (t) => {
  const owner = await signedIn(demo.owner)
  const { id, key } = await createKey(owner, {
    name: 'About to expire',
    expires_at: new Date(Date.now() + 3_600_000).toISOString(),
  })
  const page = await openPage(t, {}, failedLoads)
  await page.clock.install()
  await signIn(page, demo.owner)
  await openKey(page, 'About to expire')
  await expect(detail(page, 'Last used')).toHaveText(/Never/, { useInnerText: true })
  await curl(key, '/api/contacts')
  await waitForUsage(owner, id, 1)
  await page.clock.runFor(31_000)
  await page.waitForFunction(() => !/Last used\s+Never/.test(document.body.innerText))
  // The answer is as before, and the time has come.
  await page.route(`**/api/api-keys/${id}`, (route) => route.abort())
  await page.clock.fastForward(3_600_000)
  await page.locator('header').getByText('Expired').waitFor()
})

test('a member who opens the form of a new key reads who can make one, and where to go', async (t) => {
  const owner = await signedIn(demo.owner)
  const member = await inviteMember(owner, 'member', 'Mia Member')
  const page = await openPage(t, {}, failedLoads)
  await signIn(page, member.email, member.password)
  await page.goto('/keys/new')
  await page.getByText('Ask an admin or an owner').first().waitFor()
  await look(page, 'new-key-member')
  await page.getByRole('link', { name: 'Go to API keys' }).click()
  await heading(page, 'API keys')
  await page.goto('/keys/7f0c9a52-4a8e-4d0c-9a55-6a1d0f6f6a01')
  await page.getByRole('alert').getByText('go back to the list').waitFor()
  await expect(page.getByRole('button', { name: 'Try again' })).toHaveCount(0)
  await look(page, 'key-not-found')
})
