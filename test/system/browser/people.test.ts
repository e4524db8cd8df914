// Invitations, roles, removal, and people in several accounts.
import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { test } from 'node:test'
import { createKey, demo, inviteMember, signedIn } from './support/api.ts'
import { heading, openPage, row, signIn } from './support/browser.ts'
import { curl } from './support/curl.ts'
import { expect } from './support/expect.ts'

test('a new user joins by the link of an invitation and has the offered role', async (t) => {
  const email = `priya.${randomUUID().slice(0, 8)}@acme.test`
  const owner = await openPage(t)
  await signIn(owner, demo.owner)
  await owner.getByRole('link', { name: 'Members', exact: true }).click()
  await owner.getByRole('button', { name: 'Invite' }).click()
  await owner.getByLabel('E-mail').fill(email)
  await owner.getByRole('radio', { name: /Admin/ }).click()
  await owner.getByRole('button', { name: 'Create invitation' }).click()
  await owner.getByText(`Send this link to ${email}`).waitFor()
  const link = await owner.getByText(/\/invitations\//).innerText()
  await owner.getByRole('button', { name: 'Done' }).click()
  await owner.getByRole('listitem').filter({ hasText: email }).waitFor()

  const guest = await openPage(t)
  await guest.goto(link)
  await heading(guest, 'Join Acme Inc')
  await guest.getByLabel('Your name').fill('Priya Raman')
  await guest.getByLabel('Password').fill(randomUUID())
  await guest.getByRole('button', { name: 'Join Acme Inc' }).click()
  await heading(guest, 'API keys')
  await expect(guest.getByRole('button', { name: 'Create API key' }).first()).toBeEnabled()

  await guest.goto(link)
  await heading(guest, 'This invitation has been used')
  await owner.reload()
  await row(owner, email).getByText('Admin').waitFor()
})

test('a cancelled invitation cannot be accepted', async (t) => {
  const email = `nobody.${randomUUID().slice(0, 8)}@acme.test`
  const inviter = await signedIn(demo.owner)
  const { id } = await inviter.post<{ id: string }>('/api/auth/organization/invite-member', {
    email,
    role: 'member',
  })
  const page = await openPage(t)
  await signIn(page, demo.owner)
  await page.goto('/members')
  await page.getByRole('button', { name: `Cancel invitation for ${email}` }).click()
  await page.getByText(email).waitFor({ state: 'detached' })
  await page.goto(`/invitations/${id}`)
  await heading(page, 'This invitation was cancelled')
})

test('the page shows the effect of a role change on inheriting keys before the change', async (t) => {
  const owner = await signedIn(demo.owner)
  const person = await inviteMember(owner, 'admin', 'Ines Duarte')
  const { key: token } = await createKey(person, { name: 'Inherits from Ines' })
  await createKey(person, { name: 'Own scopes of Ines', scopes: ['contacts:read'] })
  const probe = '/api/webhooks'
  assert.equal(await curl(token, probe), 200)

  const page = await openPage(t)
  await signIn(page, demo.owner)
  await page.goto('/members')
  await row(page, person.email)
    .getByRole('button', { name: /Actions/ })
    .click()
  await page.getByRole('menuitem', { name: 'Change role…' }).click()
  await page.getByRole('radio', { name: /^Member/ }).click()
  const effects = page.getByRole('list', { name: 'Effect on keys' })
  await effects.getByText('1 key inherits from Ines Duarte').waitFor()
  await effects
    .getByText('contacts:read, messages:read')
    .or(effects.getByText('messages:read, contacts:read'))
    .waitFor()
  await effects.getByText('1 key with scopes of its own: unchanged').waitFor()
  await page.getByRole('button', { name: 'Change role' }).click()
  await page.getByText('Ines Duarte is now Member').waitFor()
  assert.equal(await curl(token, probe), 403)
  await page.goto('/keys?search=Inherits%20from%20Ines')
  await row(page, 'Inherits from Ines')
    .getByRole('cell', { name: 'Inherits Member', exact: true })
    .waitFor()
})

test('removing a member shows the effect on their keys and can revoke them', async (t) => {
  const owner = await signedIn(demo.owner)
  const person = await inviteMember(owner, 'admin', 'Otto Brandt')
  const inheriting = await createKey(person, { name: 'Inherits from Otto' })
  const own = await createKey(person, { name: 'Own scopes of Otto', scopes: ['contacts:read'] })

  const page = await openPage(t)
  await signIn(page, demo.owner)
  await page.goto('/members')
  await row(page, person.email)
    .getByRole('button', { name: /Actions/ })
    .click()
  await page.getByRole('menuitem', { name: 'Remove…' }).click()
  const effects = page.getByRole('list', { name: 'Effect on keys' })
  await effects.getByText('1 key inherits these permissions').waitFor()
  await effects.getByText('keeps working unless revoked').waitFor()
  await page.getByRole('checkbox', { name: /Also revoke all keys/ }).click()
  await page.getByRole('button', { name: 'Remove member', exact: true }).click()
  await page.getByText('Otto Brandt removed').waitFor()
  assert.deepEqual(await Promise.all([curl(inheriting.key), curl(own.key)]), [401, 401])
  await row(page, person.email).waitFor({ state: 'detached' })
})

test('a member removed while a page is open is signed out, and one who leaves sees that access ended', async (t) => {
  const owner = await signedIn(demo.owner)
  const removed = await inviteMember(owner, 'member', 'Emil Krause')
  const page = await openPage(t, {}, ['status of 403', 'status of 401', 'status of 404'])
  await signIn(page, removed.email, removed.password)
  await owner.post('/api/auth/organization/remove-member', { memberIdOrEmail: removed.email })
  await page.reload()
  await heading(page, 'Sign in')

  const leaving = await inviteMember(owner, 'admin', 'Nora Falk')
  await signIn(page, leaving.email, leaving.password)
  await page.getByRole('link', { name: 'Members', exact: true }).click()
  await row(page, leaving.email)
    .getByRole('button', { name: /Actions/ })
    .click()
  await page.getByRole('menuitem', { name: 'Change role…' }).waitFor()
  await page.getByRole('menuitem', { name: 'Leave account…' }).click()
  await page.getByRole('button', { name: 'Leave account', exact: true }).click()
  await heading(page, 'No account')
})

test('a user of two accounts accepts by signing in, switches, and sees only the keys of the active account', async (t) => {
  const acme = await signedIn(demo.owner)
  const person = await inviteMember(acme, 'admin', 'Tomas Lund')
  await createKey(person, { name: 'Of Acme only', scopes: [] })
  const globex = await signedIn(demo.globex)
  const { id } = await globex.post<{ id: string }>('/api/auth/organization/invite-member', {
    email: person.email,
    role: 'member',
  })
  const page = await openPage(t)
  await page.goto(`/invitations/${id}`)
  await heading(page, 'Join Globex')
  await page.getByRole('button', { name: 'I already have an account' }).click()
  await page.getByLabel('Password').fill(person.password)
  await page.getByRole('button', { name: 'Sign in', exact: true }).click()
  await page.getByRole('button', { name: 'Join Globex' }).click()
  await heading(page, 'API keys')
  const switcher = page.getByRole('button', { name: /Switch account/ })
  await switcher.filter({ hasText: 'Globex' }).waitFor()
  await page.getByRole('note').getByText('of Globex').waitFor()
  await expect(row(page, 'Of Acme only')).toHaveCount(0)

  await switcher.click()
  await page.getByRole('menuitem', { name: 'Acme Inc' }).click()
  await switcher.filter({ hasText: 'Acme Inc' }).waitFor()
  await row(page, 'Of Acme only').waitFor()
})
