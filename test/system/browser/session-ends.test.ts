// A session that ends, a reload and another person: what was typed stays with who typed it.
import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { test } from 'node:test'
import type { Page, Request } from 'playwright'
import { secretOf } from '../../support/system/launch.ts'
import { createKey, demo, inviteMember, signedIn } from './support/api.ts'
import { heading, openKey, openPage, signIn, submitSignIn } from './support/browser.ts'
import { expect } from './support/expect.ts'
import { lookEverywhere } from './support/look.ts'

const noSession = ['status of 401', 'net::ERR_ABORTED']
const again = (page: Page) => page.getByRole('dialog', { name: 'Your session has ended' })

async function signInAgain(page: Page, password = secretOf('DEMO_PASSWORD')): Promise<void> {
  await again(page).getByLabel('Password').fill(password)
  await again(page).getByRole('button', { name: 'Sign in', exact: true }).click()
  await again(page).waitFor({ state: 'detached' })
}

test('a session that ended under a form asks to sign in over it, and the request goes on', async (t) => {
  const page = await openPage(t, {}, noSession)
  await signIn(page, demo.owner)
  await page.getByRole('button', { name: 'Create API key' }).first().click()
  await page.getByLabel('Name', { exact: true }).fill('Outlived its session')
  await page.getByRole('radio', { name: /No scopes/ }).click()
  await page.context().clearCookies()
  await page.getByRole('button', { name: 'Create key' }).click()
  await again(page).waitFor()
  await expect(again(page).getByLabel('E-mail')).toHaveValue(demo.owner)
  await lookEverywhere(page, 'session-ended')
  await again(page).getByLabel('Password').fill('not the password')
  await again(page).getByRole('button', { name: 'Sign in', exact: true }).click()
  await again(page).getByText('E-mail or password is wrong').waitFor()
  await signInAgain(page)
  await page.getByRole('dialog', { name: /^Store the token/ }).waitFor()
})

test('signing out ends what the page still reads', async (t) => {
  const page = await openPage(t)
  await signIn(page, demo.owner)
  const { promise: isSignedOut, resolve: signedOut } = Promise.withResolvers<void>()
  await page.route('**/api/sessions', async (route) => {
    await isSignedOut
    // The page may have ended it.
    await route.continue().catch(() => undefined)
  })
  const isRead = (request: Request) => request.url().endsWith('/api/sessions')
  const ended = Promise.race([
    page.waitForEvent('requestfailed', isRead),
    page.waitForEvent('requestfinished', isRead),
  ])
  await page.route('**/api/auth/sign-out', async (route) => {
    const response = await route.fetch()
    signedOut()
    await ended
    await route.fulfill({ response })
  })
  const isAsked = page.waitForRequest('**/api/sessions')
  await page.goto('/profile')
  await heading(page, 'Profile')
  await isAsked
  await page.getByRole('button', { name: 'Sign out' }).click()
  await heading(page, 'Sign in')
  assert.notEqual((await ended).failure(), null)
  await expect(again(page)).toHaveCount(0)
})

test('where signing out fails, the page says so and reads on', async (t) => {
  const page = await openPage(t, {}, ['net::ERR'])
  await signIn(page, demo.owner)
  await page.route('**/api/auth/sign-out', (route) => route.abort('connectionreset'))
  await page.getByRole('button', { name: 'Sign out' }).click()
  await page.getByText('No response').waitFor()
  await page.getByRole('link', { name: 'Members', exact: true }).click()
  await heading(page, 'Members')
  await page.getByRole('cell', { name: demo.owner }).waitFor()
})

test('a session that ended under a token leaves the token', async (t) => {
  const page = await openPage(t, {}, noSession)
  await signIn(page, demo.owner)
  await page.getByRole('button', { name: 'Create API key' }).first().click()
  await page.getByLabel('Name', { exact: true }).fill('Token without a session')
  await page.getByRole('radio', { name: /No scopes/ }).click()
  await page.getByRole('button', { name: 'Create key' }).click()
  const dialog = page.getByRole('dialog', { name: /^Store the token/ })
  const token = await dialog.locator('pre').first().innerText()
  await page.context().clearCookies()
  // As when the window gets the focus again, after a night.
  await page.evaluate(() => dispatchEvent(new Event('visibilitychange')))
  await expect(dialog.locator('pre').first()).toHaveText(token, { useInnerText: true })
  await dialog.getByRole('button', { name: 'I have stored it' }).click()
  await signInAgain(page)
  await heading(page, 'Token without a session')
})

test('who leaves instead signs in on the page for it, and finds the form as it was', async (t) => {
  const page = await openPage(t, {}, noSession)
  await signIn(page, demo.owner)
  await page.getByRole('button', { name: 'Create API key' }).first().click()
  await page.getByLabel('Name', { exact: true }).fill('Comes back later')
  await page.context().clearCookies()
  await page.getByRole('radio', { name: /No scopes/ }).click()
  await page.getByRole('button', { name: 'Create key' }).click()
  await again(page).getByRole('button', { name: 'Leave this page' }).click()
  await page.getByRole('link', { name: 'Audit log', exact: true }).click()
  await again(page).getByRole('button', { name: 'Leave this page' }).click()
  await heading(page, 'Sign in')
  await submitSignIn(page, demo.owner, secretOf('DEMO_PASSWORD'))
  await heading(page, 'Audit log')
  await page.goto('/keys/new')
  await page.getByText('This is what you had entered before.').waitFor()
  await expect(page.getByLabel('Name', { exact: true })).toHaveValue('Comes back later')
  await page.getByRole('button', { name: 'Start anew' }).click()
  await expect(page.getByLabel('Name', { exact: true })).toHaveValue('')
})

test('an edit and a dialog survive a reload; what is cancelled does not', async (t) => {
  const name = `Half edited ${randomUUID().slice(0, 8)}`
  await createKey(await signedIn(demo.owner), { name, scopes: [] })
  const page = await openPage(t)
  await signIn(page, demo.owner)
  await openKey(page, name)
  await page.getByRole('button', { name: 'Edit' }).click()
  const field = page.getByLabel('Name', { exact: true })
  await field.fill(`${name}, by half`)
  await page.reload()
  await page.getByText('This is what you had entered before.').waitFor()
  await expect(field).toHaveValue(`${name}, by half`)
  await page.getByRole('button', { name: 'Cancel' }).click()
  await heading(page, name)
  await page.getByRole('button', { name: 'Edit' }).click()
  await expect(field).toHaveValue(name)

  await page.getByRole('link', { name: 'Members', exact: true }).click()
  const invite = page.getByRole('dialog', { name: 'Invite member' })
  await page.getByRole('button', { name: 'Invite' }).click()
  await invite.getByLabel('E-mail').fill('typed@acme.test')
  await invite.getByRole('radio', { name: 'Admin' }).click()
  await page.reload()
  await page.getByRole('button', { name: 'Invite' }).click()
  await expect(invite.getByLabel('E-mail')).toHaveValue('typed@acme.test')
  await expect(invite.getByRole('radio', { name: 'Admin' })).toBeChecked()
  await invite.getByRole('button', { name: 'Cancel' }).click()
  await page.getByRole('button', { name: 'Invite' }).click()
  await expect(invite.getByLabel('E-mail')).toHaveValue('')
})

test('the next person at the same tab sees nothing of it', async (t) => {
  const person = await inviteMember(await signedIn(demo.owner), 'admin', 'Next Person')
  const page = await openPage(t, {}, noSession)
  await signIn(page, demo.owner)
  await page.getByRole('button', { name: 'Create API key' }).first().click()
  await page.getByLabel('Name', { exact: true }).fill('Of the owner alone')
  await page.context().clearCookies()
  await page.reload()
  await heading(page, 'Sign in')
  await submitSignIn(page, person.email, person.password)
  await heading(page, 'Create API key')
  await expect(page.getByLabel('Name', { exact: true })).toHaveValue('')
  const stored = await page.evaluate(() => JSON.stringify({ ...sessionStorage }))
  assert.ok(!stored.includes('Of the owner alone'))
})
