// Second factors: an authenticator app, recovery codes and passkeys, added on the profile page and asked at sign-in.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Page } from 'playwright'
import { demo, inviteMember, type Person, signedIn } from './support/api.ts'
import { addDevice } from './support/authenticator.ts'
import { heading, openPage, signIn, submitSignIn } from './support/browser.ts'
import { expect } from './support/expect.ts'
import { addPasskey, beginApp, codeField, shownCodes, storeCodes } from './support/factors.ts'
import { look } from './support/look.ts'

const newPerson = async (name: string) => inviteMember(await signedIn(demo.owner), 'admin', name)

/** Types the password; a second factor is then asked. */
async function giveFactor(page: Page, { email, password }: Person): Promise<void> {
  await page.goto('/sign-in?next=/profile')
  await submitSignIn(page, email, password)
  await heading(page, 'Confirm it is you')
}

async function signOut(page: Page): Promise<void> {
  await page.getByRole('button', { name: 'Sign out' }).click()
  await heading(page, 'Sign in')
}

test('a code of an authenticator app is asked at sign-in, and a recovery code serves once', async (t) => {
  const person = await newPerson('Theo Lindqvist')
  const page = await openPage(t, {}, ['status of 403'])
  await signIn(page, person.email, person.password)
  await page.goto('/profile')
  await page.getByText('You have no second factor').waitFor()
  const app = await beginApp(page)
  await codeField(page).fill('000000')
  await page.getByRole('button', { name: 'Confirm' }).click()
  await page.getByText('The code is wrong').waitFor()
  await look(page, 'totp-set-up')
  await codeField(page).fill(await app.code())
  await page.getByRole('button', { name: 'Confirm' }).click()
  await shownCodes(page)
  await look(page, 'recovery-codes')
  const [download] = await Promise.all([
    page.waitForEvent('download'),
    page.getByRole('button', { name: 'Download' }).click(),
  ])
  assert.equal(download.suggestedFilename(), 'latchkey-recovery-codes.txt')
  const codes = await storeCodes(page)
  await page.getByText('10 codes are left').waitFor()
  await page.getByText('You have one second factor').waitFor()
  await look(page, 'profile-with-app')
  await signOut(page)

  await giveFactor(page, person)
  await page.reload()
  await codeField(page).fill('000 000')
  await page.getByRole('button', { name: 'Continue' }).click()
  await page.getByText('The code is wrong').waitFor()
  await look(page, 'sign-in-code')
  const code = await app.code()
  // As apps show it.
  await codeField(page).fill(`${code.slice(0, 3)} ${code.slice(3)}`)
  await page.getByRole('button', { name: 'Continue' }).click()
  await heading(page, 'Profile')
  await page.getByText(/with password and authenticator app/).waitFor()
  await signOut(page)

  const [recovery = ''] = codes
  for (const isSpent of [false, true]) {
    await giveFactor(page, person)
    await page.getByRole('button', { name: 'Use a recovery code' }).click()
    await page.getByLabel('Recovery code').fill(recovery.toUpperCase())
    await page.getByRole('button', { name: 'Continue' }).click()
    if (isSpent) {
      await page.getByText('The code is wrong, or was used before.').waitFor()
      await page.getByRole('button', { name: 'Sign in as somebody else' }).click()
      await heading(page, 'Sign in')
    } else {
      await heading(page, 'Profile')
      await page.getByText('9 codes are left').waitFor()
      await signOut(page)
    }
  }
})

test('a passkey signs in alone, completes a sign-in by password, and is renamed and removed', async (t) => {
  const person = await newPerson('Petra Amsel')
  const page = await openPage(t)
  const device = await addDevice(page)
  await signIn(page, person.email, person.password)
  await page.goto('/profile')
  await addPasskey(page, 'Laptop')
  await storeCodes(page)
  assert.equal(await device.credentials(), 1)
  await page.getByText('Laptop', { exact: true }).waitFor()
  await signOut(page)

  await page.getByRole('button', { name: 'Sign in with a passkey' }).click()
  await heading(page, 'API keys')
  await signOut(page)
  await giveFactor(page, person)
  await look(page, 'sign-in-passkey')
  await page.getByRole('button', { name: 'Use passkey' }).click()
  await heading(page, 'Profile')

  await page.getByRole('button', { name: 'Actions for Laptop' }).click()
  await page.getByRole('menuitem', { name: 'Rename…' }).click()
  await page.getByRole('textbox', { name: 'Name' }).fill('Work laptop')
  await page.getByRole('button', { name: 'Rename', exact: true }).click()
  await page.getByText('Work laptop', { exact: true }).waitFor()
  await look(page, 'profile-with-passkey')
  await page.getByRole('button', { name: 'Actions for Work laptop' }).click()
  await page.getByRole('menuitem', { name: 'Remove…' }).click()
  await page.getByText('It is your last second factor.').waitFor()
  await page.getByRole('button', { name: 'Remove passkey' }).click()
  await page.getByText('You have no passkeys.').waitFor()
  await expect(page.getByRole('heading', { name: 'Recovery codes' })).toHaveCount(0)
})
