// A forgotten password without mail: an owner's link, handed over by hand.
import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { test } from 'node:test'
import type { Page } from 'playwright'
import { demo, inviteMember, type Person, signedIn } from './support/api.ts'
import { heading, openPage, row, signIn } from './support/browser.ts'
import { expect } from './support/expect.ts'
import { look } from './support/look.ts'

async function makeLink(owner: Page, person: Person): Promise<string> {
  await owner.goto('/members')
  await row(owner, person.email)
    .getByRole('button', { name: /Actions/ })
    .click()
  await owner.getByRole('menuitem', { name: 'Make a reset link…' }).click()
  await owner.getByRole('button', { name: 'Make link' }).click()
  return owner.getByText(/\/reset-password#/).innerText()
}

test('without mail, the page for forgotten passwords says who makes a link', async (t) => {
  const page = await openPage(t)
  await page.goto('/sign-in')
  await page.getByRole('link', { name: 'Forgot your password?' }).click()
  await heading(page, 'Forgot your password?')
  await page.getByText('An owner of your account').waitFor()
  await page.getByText('npm run person -- reset EMAIL').waitFor()
  await look(page, 'forgot-password-without-mail')
})

test('a member sets a new password by the link that an owner made, once', async (t) => {
  const person = await inviteMember(await signedIn(demo.owner), 'member', 'Mira Novak')
  const owner = await openPage(t)
  await signIn(owner, demo.owner)
  const link = await makeLink(owner, person)
  await owner.getByText('is shown only now').waitFor()

  const page = await openPage(t, {}, ['status of 400', 'status of 401'])
  await signIn(page, person.email, person.password)
  await page.goto(link)
  await heading(page, 'Set a new password')
  assert.equal(new URL(page.url()).hash, '', 'the token stays in the address')
  await look(page, 'reset-password')
  const password = randomUUID()
  await page.getByLabel('New password').fill(password)
  await page.getByRole('checkbox', { name: 'Show password' }).click()
  await expect(page.getByLabel('New password')).toHaveAttribute('type', 'text')
  await page.getByRole('button', { name: 'Set password' }).click()
  await heading(page, 'Your password is set')
  await look(page, 'reset-password-done')
  await page.getByRole('link', { name: 'Go to sign-in' }).click()
  // The session of before has ended.
  await heading(page, 'Sign in')
  await signIn(page, person.email, password)

  await page.goto(link)
  await page.getByLabel('New password').fill(randomUUID())
  await page.getByRole('button', { name: 'Set password' }).click()
  await heading(page, 'This link no longer works')
  await look(page, 'reset-password-ended')
  await page.goto('/reset-password')
  await heading(page, 'This link is not complete')
})

test('an owner makes no link for another owner, and an admin none at all', async (t) => {
  const other = await inviteMember(await signedIn(demo.owner), 'owner', 'Olga Prins')
  const member = await inviteMember(await signedIn(demo.owner), 'member', 'Milo Prins')
  const page = await openPage(t)
  const itemsOf = async ({ email }: Person) => {
    await page.goto('/members')
    await row(page, email)
      .getByRole('button', { name: /Actions/ })
      .click()
    await page.getByRole('menuitem', { name: 'Change role…' }).waitFor()
    return page.getByRole('menuitem', { name: /reset link/ }).count()
  }
  await signIn(page, demo.owner)
  assert.deepEqual([await itemsOf(other), await itemsOf(member)], [0, 1])
  await page.context().clearCookies()
  await signIn(page, demo.admin)
  await expect.poll(() => itemsOf(member)).toBe(0)
})
