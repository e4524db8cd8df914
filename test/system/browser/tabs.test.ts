// Tabs of one browser hear of each other.
import assert from 'node:assert/strict'
import { before, test } from 'node:test'
import { acme, globex } from '../../../scripts/demo-accounts.ts'
import { createKey, demo, inviteMember, signedIn } from './support/api.ts'
import { heading, openPage, row, signIn, submitSignIn } from './support/browser.ts'
import { expect } from './support/expect.ts'
import { latchkey } from './support/shared.ts'

// It writes the passwords of the demo accounts.
before(latchkey)

test('a key that one tab makes or revokes is so in the other tabs of its account, without a reload', async (t) => {
  const one = await openPage(t)
  await signIn(one, demo.owner)
  const other = await one.context().newPage()
  await other.goto(`/a/${acme.id}/keys?search=Heard+of`)
  await heading(other, 'API keys')
  await other.getByText('No matching keys').waitFor()
  await one.getByRole('button', { name: 'Create API key' }).first().click()
  await one.getByLabel('Name', { exact: true }).fill('Heard of')
  await one.getByRole('radio', { name: /No scopes/ }).click()
  await one.getByRole('button', { name: 'Create key' }).click()
  await row(other, 'Heard of').waitFor()
  await one.getByRole('button', { name: 'I have stored it' }).click()
  await heading(one, 'Heard of')
  await one.getByRole('button', { name: 'Disable' }).click()
  await one.getByRole('button', { name: 'Disable key' }).click()
  await row(other, 'Heard of').getByText('Disabled').waitFor()
})

test('signing out of one tab leaves no tab open, but for one that shows a token', async (t) => {
  const one = await openPage(t, {}, ['status of 401'])
  const person = await inviteMember(await signedIn(demo.owner), 'admin', 'Signs Out')
  await signIn(one, person.email, person.password)
  const [list, token] = [await one.context().newPage(), await one.context().newPage()]
  await list.goto('/members')
  await heading(list, 'Members')
  await token.goto('/keys/new')
  await token.getByLabel('Name', { exact: true }).fill('Shown while signed out')
  await token.getByRole('radio', { name: /No scopes/ }).click()
  await token.getByRole('button', { name: 'Create key' }).click()
  const dialog = token.getByRole('dialog', { name: /^Store the token/ })
  await dialog.waitFor()
  await one.getByRole('button', { name: 'Sign out' }).click()
  await heading(one, 'Sign in')
  await heading(list, 'Sign in')
  await expect(dialog.locator('pre').first()).toHaveText(/^whm_/, { useInnerText: true })
  await dialog.getByRole('button', { name: 'I have stored it' }).click()
  await heading(token, 'Sign in')
})

test('when another person signs in, no tab acts for them under the name of the first', async (t) => {
  const owner = await signedIn(demo.owner)
  const [ada, bob] = [
    await inviteMember(owner, 'admin', 'Ada First'),
    await inviteMember(owner, 'admin', 'Bob Second'),
  ]
  const one = await openPage(t, {}, ['status of 401'])
  await signIn(one, ada.email, ada.password)
  await one.getByRole('link', { name: /Ada First/ }).waitFor()
  const other = await one.context().newPage()
  await other.goto('/sign-in')
  await heading(other, 'API keys')
  await one.context().clearCookies()
  await other.goto('/sign-in')
  await submitSignIn(other, bob.email, bob.password)
  await one.getByRole('link', { name: /Bob Second/ }).waitFor()
  await expect(one.getByRole('link', { name: /Ada First/ })).toHaveCount(0)
})

test('a switch in one tab, and a key in the other: each stays in its account', async (t) => {
  const person = await inviteMember(await signedIn(demo.owner), 'admin', 'Switches')
  const { id } = await (await signedIn(demo.globex)).post<{ id: string }>(
    '/api/auth/organization/invite-member',
    { email: person.email, role: 'admin' },
  )
  await person.post('/api/auth/organization/accept-invitation', { invitationId: id })
  const one = await openPage(t)
  await signIn(one, person.email, person.password)
  await one.goto(`/a/${globex.id}/keys/new`)
  const named: (string | undefined)[] = []
  one.on('request', (request) => {
    if (request.method() === 'POST') named.push(request.headers()['latchkey-account'])
  })
  const other = await one.context().newPage()
  await other.goto(`/a/${globex.id}/keys`)
  await other.getByRole('button', { name: /Switch account/ }).click()
  await other.getByRole('menuitem', { name: 'Acme Inc' }).click()
  await other.getByRole('button', { name: /Switch account: Acme Inc / }).waitFor()
  await createKey(person, { name: 'Of the session', scopes: [] })
  await one.getByLabel('Name', { exact: true }).fill('Made in Globex')
  await one.getByRole('radio', { name: /No scopes/ }).click()
  await one.getByRole('button', { name: 'Create key' }).click()
  await one.getByRole('button', { name: 'I have stored it' }).click()
  await heading(one, 'Made in Globex')
  assert.deepEqual(named, [globex.id])
})
