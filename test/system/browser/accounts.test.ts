// Many accounts: one in each tab, and what the platform does to the others.
import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { before, test } from 'node:test'
import type { Page } from 'playwright'
import { acme, globex } from '../../../scripts/demo-accounts.ts'
import { createKey, demo, inviteMember, type Person, signedIn } from './support/api.ts'
import { assertAccessible } from './support/axe.ts'
import { heading, openPage, row, signIn } from './support/browser.ts'
import { curl } from './support/curl.ts'
import { expect } from './support/expect.ts'
import { screenshot } from './support/screenshots.ts'
import { latchkey } from './support/shared.ts'

// It writes the passwords of the demo accounts.
before(latchkey)

type Tenant = { id: string; name: string; owner: Person }

/** An account with an owner, by the API alone. */
async function createTenant(name: string): Promise<Tenant> {
  const email = `${randomUUID().slice(0, 8)}@tenant.test`
  const platform = await signedIn(demo.owner)
  const { data } = await platform.post<{ data: { id: string; invitation: { id: string } } }>(
    '/api/accounts',
    { name, owner_email: email },
  )
  const password = randomUUID()
  await platform.post(`/api/invitations/${data.invitation.id}/accept`, { name: 'Ada', password })
  return { id: data.id, name, owner: await signedIn(email, password) }
}

/** A member of both demo accounts, as an admin. */
async function memberOfBoth(name: string): Promise<Person> {
  const person = await inviteMember(await signedIn(demo.owner), 'admin', name)
  const { id } = await (await signedIn(demo.globex)).post<{ id: string }>(
    '/api/auth/organization/invite-member',
    { email: person.email, role: 'admin' },
  )
  await person.post('/api/auth/organization/accept-invitation', { invitationId: id })
  return person
}

/** The names of the keys that an account has. */
async function keysOf(page: Page, accountId: string, search: string): Promise<string[]> {
  const response = await page.request.get(`/api/api-keys?search=${encodeURIComponent(search)}`, {
    headers: { 'latchkey-account': accountId },
  })
  return (await response.json()).data.map(({ name }: { name: string }) => name)
}

async function openAccount(page: Page, name: string): Promise<void> {
  await page.getByRole('link', { name: 'Accounts', exact: true }).click()
  await heading(page, 'Accounts')
  await page.getByLabel('Search by name or ID').fill(name)
  await page.getByRole('link', { name, exact: true }).click()
  await heading(page, name)
}

test('two tabs act in two accounts at once, each in its own', async (t) => {
  const person = await memberOfBoth('Two Tabs')
  const one = await openPage(t)
  await signIn(one, person.email, person.password)
  const other = await one.context().newPage()
  await one.goto(`/a/${acme.id}/keys/new`)
  await other.goto(`/a/${globex.id}/keys/new`)
  await one.getByLabel('Name', { exact: true }).fill('Interleaved of Acme')
  await other.getByLabel('Name', { exact: true }).fill('Interleaved of Globex')
  for (const tab of [one, other]) {
    await tab.getByRole('checkbox', { name: /contacts:read/ }).click()
  }
  // The second is sent before the first is answered.
  await one.getByRole('button', { name: 'Create key' }).click()
  await other.getByRole('button', { name: 'Create key' }).click()
  for (const tab of [other, one]) {
    await tab.getByRole('button', { name: 'I have stored it' }).click()
  }
  await heading(one, 'Interleaved of Acme')
  await heading(other, 'Interleaved of Globex')
  assert.deepEqual(await keysOf(one, acme.id, 'Interleaved'), ['Interleaved of Acme'])
  assert.deepEqual(await keysOf(one, globex.id, 'Interleaved'), ['Interleaved of Globex'])

  // Each page keeps its account through a reload, and its links stay in it.
  await one.reload()
  await heading(one, 'Interleaved of Acme')
  await one.getByRole('link', { name: 'Members', exact: true }).click()
  await row(one, 'Maya Lindqvist').waitFor()
  await other.getByRole('link', { name: 'Members', exact: true }).click()
  await row(other, 'Henrik Vance').waitFor()
  await expect(row(other, 'Maya Lindqvist')).toHaveCount(0)
})

test('the switcher leads to another account in this tab only, and the next visit starts there', async (t) => {
  const person = await memberOfBoth('Switching')
  const one = await openPage(t)
  await signIn(one, person.email, person.password)
  const other = await one.context().newPage()
  for (const tab of [one, other]) {
    await tab.goto(`/a/${acme.id}/members`)
    await row(tab, 'Maya Lindqvist').waitFor()
  }
  await one.getByRole('button', { name: /Switch account/ }).click()
  await one.getByRole('menuitem', { name: 'Globex' }).click()
  await one.waitForURL(`**/a/${globex.id}/keys`)
  await heading(one, 'API keys')
  await other.getByRole('link', { name: 'API keys', exact: true }).click()
  await other.getByRole('link', { name: 'Members', exact: true }).click()
  await row(other, 'Maya Lindqvist').waitFor()

  await one.goBack()
  await row(one, 'Maya Lindqvist').waitFor()
  await one.goForward()
  await heading(one, 'API keys')
  await one.getByRole('button', { name: /Switch account: Globex / }).waitFor()

  // An address of before leads to the account that was used last.
  await one.goto('/members?from=mail')
  await row(one, 'Henrik Vance').waitFor()
  assert.match(one.url(), new RegExp(`/a/${globex.id}/members\\?from=mail$`))
})

test('an account of which a person is no member is not found, whether it exists or not', async (t) => {
  const page = await openPage(t, {}, ['status of 404', 'status of 403'])
  await signIn(page, demo.globex)
  for (const id of [acme.id, randomUUID(), 'nonsense']) {
    await page.goto(`/a/${id}/keys`)
    await heading(page, 'Account not found')
    await expect(page.getByText('Acme')).toHaveCount(0)
  }
  await look(page, 'account-not-found')
  await page.getByRole('link', { name: 'Go to Globex' }).click()
  await heading(page, 'API keys')
})

test('the platform suspends an account through the page: its next request is refused, until it is resumed', async (t) => {
  const name = `Suspended ${randomUUID().slice(0, 8)}`
  const { owner } = await createTenant(name)
  const { key: token } = await createKey(owner, { name: 'Of the tenant' })
  assert.equal(await curl(token), 200)
  const tenant = await openPage(t)
  await signIn(tenant, owner.email, owner.password)

  const page = await openPage(t)
  await signIn(page, demo.owner)
  await openAccount(page, name)
  await page.getByRole('button', { name: 'Suspend' }).click()
  const dialog = page.getByRole('dialog')
  await dialog.getByText('Every key of it is rejected from the next request on').waitFor()
  await dialog.getByRole('button', { name: 'Suspend account' }).click()
  await page.getByText(`${name} suspended`).waitFor()
  assert.equal(await curl(token), 401)

  await tenant.reload()
  await tenant.getByText('This account is suspended').waitFor()
  const create = tenant.getByRole('button', { name: 'Create API key' }).first()
  await expect(create).toBeDisabled()
  await row(tenant, 'Of the tenant')
    .getByRole('button', { name: /Actions/ })
    .click()
  await tenant.getByRole('menuitem').first().waitFor()
  await expect(tenant.getByRole('menuitem')).toHaveText(['Open'])
  await tenant.keyboard.press('Escape')
  await row(tenant, 'Of the tenant').getByText('Suspended', { exact: true }).waitFor()
  await expect(tenant.getByRole('list', { name: 'Active keys' })).toHaveCount(0)
  await look(tenant, 'suspended')
  await tenant.getByRole('link', { name: 'Of the tenant' }).click()
  await heading(tenant, 'Of the tenant')
  await tenant.getByText('Suspended', { exact: true }).waitFor()
  await expect(tenant.getByText('Active', { exact: true })).toHaveCount(0)
  await look(tenant, 'suspended-key')
  await tenant.getByRole('link', { name: 'API keys', exact: true }).first().click()

  await page.getByRole('button', { name: 'Resume' }).click()
  await dialog.getByRole('button', { name: 'Resume account' }).click()
  await page.getByText(`${name} resumed`).waitFor()
  assert.equal(await curl(token), 200)
  await tenant.reload()
  await tenant.getByText('This account is suspended').waitFor({ state: 'detached' })
  await expect(create).toBeEnabled()
})

test('the platform creates an account, and its owner joins by the link and makes a key', async (t) => {
  const name = `Created ${randomUUID().slice(0, 8)}`
  const email = `${randomUUID().slice(0, 8)}@tenant.test`
  const page = await openPage(t)
  await signIn(page, demo.owner)
  await page.getByRole('link', { name: 'Accounts', exact: true }).click()
  await page.getByRole('button', { name: 'Create account' }).click()
  const dialog = page.getByRole('dialog')
  await dialog.getByLabel('Account name').fill(name)
  await dialog.getByLabel('E-mail of its owner').fill(email)
  await dialog.getByRole('button', { name: 'Create account' }).click()
  await page.getByText(`Send this link to ${email}`).waitFor()
  const link = await page.getByText(/\/invitations\//).innerText()
  await look(page, 'owner-link')
  await page.getByRole('button', { name: 'Done' }).click()
  await heading(page, name)
  await look(page, 'platform-account-ownerless')
  await page.getByText('Nobody can sign in to this account').waitFor()

  const guest = await openPage(t)
  await guest.goto(link)
  await heading(guest, `Join ${name}`)
  await guest.getByLabel('Your name').fill('Ada Lovelace')
  await guest.getByLabel('Password').fill(randomUUID())
  await guest.getByRole('button', { name: `Join ${name}` }).click()
  await guest.getByText('No API keys yet').waitFor()
  await guest.getByRole('button', { name: 'Create API key' }).click()
  await guest.getByLabel('Name', { exact: true }).fill('First')
  await guest.getByRole('checkbox', { name: /contacts:read/ }).click()
  await guest.getByRole('button', { name: 'Create key' }).click()
  const token = await guest.getByRole('dialog').locator('pre').first().innerText()
  assert.equal(await curl(token, '/api/contacts'), 200)
  await page.reload()
  await page.getByText('Has an owner').waitFor()
  await expect(page.getByText('Nobody can sign in to this account')).toHaveCount(0)
})

test('the owner of an account that has none is invited again', async (t) => {
  const name = `Ownerless ${randomUUID().slice(0, 8)}`
  const page = await openPage(t)
  await signIn(page, demo.owner)
  const platform = await signedIn(demo.owner)
  await platform.post('/api/accounts', { name })
  await openAccount(page, name)
  await page.getByRole('button', { name: 'Invite owner' }).click()
  await page.getByRole('dialog').getByLabel('E-mail').fill('late@tenant.test')
  await page.getByRole('button', { name: 'Create invitation' }).click()
  await page.getByText('Send this link to late@tenant.test').waitFor()
  const link = await page.getByText(/\/invitations\//).innerText()
  const guest = await openPage(t)
  await guest.goto(link)
  await heading(guest, `Join ${name}`)
})

test('a quota that the platform sets is named to who reaches it', async (t) => {
  const name = `Small ${randomUUID().slice(0, 8)}`
  const { owner } = await createTenant(name)
  const page = await openPage(t)
  await signIn(page, demo.owner)
  await openAccount(page, name)
  await page.getByRole('button', { name: 'Edit' }).click()
  const dialog = page.getByRole('dialog')
  await dialog.getByLabel('API keys').fill('1e3')
  await dialog.getByRole('button', { name: 'Save changes' }).click()
  await dialog.getByText('Enter a whole number').waitFor()
  await dialog.getByLabel('API keys').fill('1')
  await dialog.getByLabel('Members').fill('1')
  await dialog.getByLabel('Webhook endpoints').fill('1')
  await dialog.getByRole('button', { name: 'Save changes' }).click()
  await page.getByText('0 of 1', { exact: true }).first().waitFor()
  const { key_prefix } = await createKey(owner, { name: 'The only one' })
  await owner.post('/api/webhook-endpoints', { url: 'https://example.com/' })

  const tenant = await openPage(t, {}, ['status of 429'])
  await signIn(tenant, owner.email, owner.password)
  await tenant.getByText('1 of 1 API keys').waitFor()
  await look(tenant, 'quota-keys')
  await tenant.getByRole('link', { name: 'Members', exact: true }).click()
  await tenant.getByText('1 of 1 members').waitFor()
  await look(tenant, 'quota-members')
  await tenant.getByRole('link', { name: 'Webhooks', exact: true }).click()
  await tenant.getByText('1 of 1 webhook endpoints').waitFor()
  await look(tenant, 'quota-endpoints')
  await tenant.getByRole('link', { name: 'API keys', exact: true }).first().click()
  await tenant.getByRole('button', { name: 'Create API key' }).click()
  await tenant.getByText('No more keys can be created').waitFor()
  await tenant.getByLabel('Name', { exact: true }).fill('One too many')
  await tenant.getByRole('checkbox', { name: /contacts:read/ }).click()
  await tenant.getByRole('button', { name: 'Create key' }).click()
  await tenant.getByRole('alert').getByText(/quota/i).first().waitFor()
  // Room again is told without a reload.
  await tenant.getByRole('link', { name: 'API keys', exact: true }).first().click()
  await row(tenant, 'The only one')
    .getByRole('button', { name: /Actions/ })
    .click()
  await tenant.getByRole('menuitem', { name: 'Revoke…' }).click()
  await tenant.getByLabel(`Type ${key_prefix} to confirm`).fill(key_prefix)
  await tenant.getByRole('button', { name: 'Revoke key' }).click()
  await tenant.getByText('1 of 1 API keys').waitFor({ state: 'detached' })
  await createKey(owner, { name: 'Another one' })
  await tenant.getByRole('link', { name: 'Account', exact: true }).click()
  await tenant.reload()
  await tenant.getByText('1 of 1', { exact: true }).nth(2).waitFor()
  await look(tenant, 'quota-reached')
})

test('the platform deletes an account by its name, and takes it back', async (t) => {
  const name = `Leaving ${randomUUID().slice(0, 8)}`
  const { owner } = await createTenant(name)
  const { key: token } = await createKey(owner, { name: 'Ends with its account' })
  const page = await openPage(t)
  await signIn(page, demo.owner)
  await openAccount(page, name)
  await page.getByRole('button', { name: 'Delete' }).click()
  const dialog = page.getByRole('dialog')
  const confirm = dialog.getByRole('button', { name: 'Delete account' })
  await expect(confirm).toBeDisabled()
  await dialog.getByLabel(`Type ${name} to confirm`).fill(name)
  await confirm.click()
  await page.getByText(/^Will be deleted on/).waitFor()
  assert.equal(await curl(token), 401)

  const tenant = await openPage(t)
  await signIn(tenant, owner.email, owner.password)
  await tenant.getByText(/This account is suspended and will be deleted on/).waitFor()
  await expect(tenant.getByRole('button', { name: 'Cancel deletion' })).toHaveCount(0)

  await page.getByRole('button', { name: 'Resume' }).click()
  await dialog.getByText('The deletion is cancelled').waitFor()
  await dialog.getByRole('button', { name: 'Resume account' }).click()
  await page.getByText(/^Will be deleted on/).waitFor({ state: 'detached' })
  assert.equal(await curl(token), 200)
})

test('tenants, and admins of the platform, see no accounts; tenants see no status', async (t) => {
  const tenant = await openPage(t)
  await signIn(tenant, demo.globex)
  for (const name of ['Accounts', 'Status']) {
    await expect(tenant.getByRole('link', { name, exact: true }), name).toHaveCount(0)
  }
  for (const path of ['accounts', `accounts/${globex.id}`, 'status']) {
    await tenant.goto(`/a/${globex.id}/${path}`)
    await heading(tenant, 'Page not found')
  }
  const admin = await openPage(t)
  await signIn(admin, demo.admin)
  await admin.getByRole('link', { name: 'Status', exact: true }).waitFor()
  await expect(admin.getByRole('link', { name: 'Accounts', exact: true })).toHaveCount(0)
  await admin.goto(`/a/${acme.id}/accounts`)
  await heading(admin, 'Page not found')
})

test('the list loads more, and each page of the platform is accessible and fits', async (t) => {
  const word = randomUUID().slice(0, 8)
  const platform = await signedIn(demo.owner)
  for (let number = 1; number <= 26; number++) {
    await platform.post('/api/accounts', { name: `Customer ${number} ${word}` })
  }
  const { name } = await createTenant(`Pictured ${word}`)
  const page = await openPage(t)
  await signIn(page, demo.owner)
  await page.goto(`/a/${acme.id}/accounts?search=${word}`)
  await heading(page, 'Accounts')
  await row(page, name).waitFor()
  await page.getByRole('button', { name: 'Load more' }).click()
  await page.getByRole('button', { name: 'Load more' }).waitFor({ state: 'detached' })
  await expect(row(page, word)).toHaveCount(27)
  await look(page, 'accounts')
  await page.getByRole('combobox', { name: 'Status' }).click()
  await page.getByRole('option', { name: 'Suspended' }).click()
  await page.getByText('No matching accounts').waitFor()
  await page.goto(`/a/${acme.id}/accounts?search=${word}`)
  await page.getByRole('button', { name: 'Create account' }).click()
  await look(page, 'create-account')
  await page.keyboard.press('Escape')
  await page.getByRole('link', { name, exact: true }).click()
  await heading(page, name)
  await page.getByText('No requests in the last 30 days').waitFor()
  await look(page, 'platform-account')
  for (const action of ['Edit', 'Suspend', 'Delete']) {
    await page.getByRole('button', { name: action }).click()
    await look(page, `platform-account-${action.toLowerCase()}`)
    await page.keyboard.press('Escape')
    await page.getByRole('dialog').waitFor({ state: 'detached' })
  }
})

async function look(page: Page, name: string): Promise<void> {
  const isDialog = (await page.getByRole('dialog').count()) > 0
  for (const width of [375, 1440]) {
    await page.setViewportSize({ width, height: 900 })
    await assertAccessible(page, `${name} ${width}`)
    const excess = await page.evaluate(
      () => document.documentElement.scrollWidth - document.documentElement.clientWidth,
    )
    assert.equal(excess, 0, `${name} ${width} scrolls sideways`)
    await screenshot(page, `${name}-${width}`, !isDialog)
  }
}
