// What people do by mail: a forgotten password, an invitation, and confirming an address. In a Latchkey of its own, which keeps mail.
import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { after, test } from 'node:test'
import type { Page } from 'playwright'
import { changeDatabase } from '../../support/system/database.ts'
import { type Server, secretOf, startLatchkey } from '../../support/system/launch.ts'
import { demo } from './support/api.ts'
import { heading, openWindow, signIn, submitSignIn } from './support/browser.ts'
import { expect } from './support/expect.ts'
import { look } from './support/look.ts'
import { mailedLink } from './support/mail.ts'

let started: Promise<Server> | null = null
const server = () => {
  started ??= startLatchkey({ mail: true })
  return started
}
after(async () => await (await started)?.stop())

const openPage = async () => openWindow((await server()).url)

async function invite(owner: Page, email: string): Promise<void> {
  await owner.goto('/members')
  await owner.getByRole('button', { name: 'Invite' }).click()
  await owner.getByLabel('E-mail').fill(email)
  await owner.getByRole('button', { name: 'Send invitation' }).click()
  await owner.getByRole('heading', { name: 'Invitation sent' }).waitFor()
}

test('a forgotten password is reset by a link that is mailed, and the page says the same of unknown addresses', async () => {
  const { url } = await server()
  const old = await openPage()
  await signIn(old, demo.member)

  const page = await openPage()
  await page.goto('/sign-in')
  await page.getByRole('link', { name: 'Forgot your password?' }).click()
  const texts: string[] = []
  for (const email of [`nobody.${randomUUID().slice(0, 8)}@acme.test`, demo.member]) {
    await page.getByLabel('E-mail').fill(email)
    if (texts.length === 0) await look(page, 'forgot-password')
    await page.getByRole('button', { name: 'Send the link' }).click()
    await heading(page, 'Check your mail')
    texts.push((await page.getByRole('main').innerText()).replace(email, 'EMAIL'))
    if (texts.length === 1) await page.getByRole('link', { name: 'Use another address' }).click()
  }
  assert.equal(texts[0], texts[1])
  await look(page, 'forgot-password-sent')

  const password = randomUUID()
  await page.goto(await mailedLink(url, demo.member, /reset/i))
  await page.getByLabel('New password').fill(password)
  assert.equal(new URL(page.url()).hash, '')
  await page.getByRole('button', { name: 'Set password' }).click()
  await heading(page, 'Your password is set')
  await old.reload()
  await heading(old, 'Sign in')
  await signIn(page, demo.member, password)
  await mailedLink(url, demo.member, /Your password was reset/)
})

test('an invitation is mailed: its link joins, and its address alone does not', async () => {
  const { url } = await server()
  const owner = await openPage()
  await signIn(owner, demo.owner)
  const email = `ruth.${randomUUID().slice(0, 8)}@acme.test`
  await invite(owner, email)
  await look(owner, 'invitation-sent')
  await expect(owner.getByText(/\/invitations\//), 'the link is shown').toHaveCount(0)
  await owner.getByRole('button', { name: 'Done' }).click()
  const row = owner.getByRole('listitem').filter({ hasText: email })
  await row.getByText('sent by mail').waitFor()
  await look(owner, 'members-invited')
  await row.getByRole('button', { name: /again/ }).click()
  await owner.getByText(`Sent to ${email} again`).waitFor()

  const link = await mailedLink(url, email, /Invitation to/)
  // Signed in as somebody else.
  await owner.goto(link)
  await owner.getByText('and the invitation is for').waitFor()
  await look(owner, 'invitation-of-another')

  const guest = await openPage()
  await guest.goto(link.split('#')[0] ?? '')
  await guest.getByText('The link of this invitation was sent to').waitFor()
  await look(guest, 'invitation-without-token')
  await guest.goto(link)
  await guest.getByLabel('Your name').fill('Ruth Adler')
  assert.equal(new URL(guest.url()).hash, '')
  await guest.getByLabel('Password').fill(randomUUID())
  await guest.getByRole('button', { name: /^Join/ }).click()
  await heading(guest, 'API keys')
})

test('a person who exists accepts a mailed invitation after signing in, on the page of its link', async () => {
  const { url } = await server()
  const owner = await openPage()
  await signIn(owner, demo.globex)
  await invite(owner, demo.admin)
  const link = await mailedLink(url, demo.admin, /Invitation to/)
  const page = await openPage()
  await page.goto(link)
  await heading(page, 'Join Globex')
  await page.getByRole('button', { name: 'I already have an account' }).click()
  await look(page, 'invitation-existing')
  await page.getByLabel('Password').fill(secretOf('DEMO_PASSWORD'))
  await page.getByRole('button', { name: 'Sign in', exact: true }).click()
  await page.getByRole('button', { name: 'Join Globex' }).click()
  await page
    .getByRole('button', { name: /Switch account/ })
    .filter({ hasText: 'Globex' })
    .waitFor()
})

/** As it is for who joined by a link before there was mail. */
async function unprove(email: string): Promise<void> {
  const unproved = 'UPDATE user SET email_verified = 0 WHERE email = ?'
  await changeDatabase(await server(), unproved, email)
}

test('an address is confirmed by mail: in a session all stays, and whose address it is can take over', async () => {
  const { url } = await server()
  const [first, second] = [await openPage(), await openPage()]
  await unprove(demo.admin)
  await signIn(first, demo.admin)
  const send = async (page: Page) => {
    await page.goto('/profile')
    await page.getByRole('heading', { name: 'Confirm your address' }).waitFor()
    await page.getByRole('button', { name: 'Send the link' }).click()
    await page.getByText(`A message to ${demo.admin} is on its way.`).waitFor()
  }
  await send(first)
  await look(first, 'profile-address')

  await second.goto(await mailedLink(url, demo.admin, /Confirm/))
  await look(second, 'confirm-address')
  await second.getByRole('button', { name: 'Confirm address' }).click()
  await heading(second, 'Sign in to confirm')
  await look(second, 'confirm-address-sign-in')
  await second.getByRole('link', { name: 'Sign in' }).click()
  await submitSignIn(second, demo.admin, secretOf('DEMO_PASSWORD'))
  await second.getByRole('button', { name: 'Confirm address' }).click()
  await heading(second, 'Address confirmed')
  await first.reload()
  await heading(first, 'Profile')
  await expect(first.getByText('Confirm your address')).toHaveCount(0)

  await unprove(demo.admin)
  await send(first)
  const third = await openPage()
  await third.goto(await mailedLink(url, demo.admin, /Confirm/))
  await third.getByRole('button', { name: 'Confirm address' }).click()
  await third.getByRole('button', { name: 'I did not set up this account' }).click()
  await heading(third, 'Take over this account?')
  await look(third, 'confirm-address-take-over')
  await third.getByRole('button', { name: 'Remove them and confirm' }).click()
  await heading(third, 'Address confirmed')
  await third.getByRole('link', { name: 'Set a password' }).click()
  await heading(third, 'Forgot your password?')
  await first.goto('/keys')
  await heading(first, 'Sign in')
})
