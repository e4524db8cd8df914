// What people do by mail: a forgotten password, and an invitation. In a Latchkey of its own, which keeps mail.
import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { after, test } from 'node:test'
import type { Page } from 'playwright-core'
import { type Server, secretOf, startLatchkey } from '../../support/system/launch.ts'
import { demo } from './support/api.ts'
import { assertAccessible } from './support/axe.ts'
import { heading, narrow, signIn, wide } from './support/browser.ts'
import { mailedLink } from './support/mail.ts'
import { screenshot } from './support/screenshots.ts'
import { chromium } from './support/shared.ts'

let started: Promise<Server> | null = null
const server = () => {
  started ??= startLatchkey({ mail: true })
  return started
}
after(async () => await (await started)?.stop())

async function openWindow(): Promise<Page> {
  const context = await (await chromium()).newContext({
    baseURL: (await server()).url,
    viewport: { width: wide, height: 900 },
    reducedMotion: 'reduce',
  })
  context.setDefaultTimeout(20_000)
  return context.newPage()
}

async function look(page: Page, name: string): Promise<void> {
  for (const width of [wide, narrow]) {
    await page.setViewportSize({ width, height: 900 })
    const isDialog = (await page.getByRole('dialog').count()) > 0
    await assertAccessible(page, `${name} ${width}`)
    await screenshot(page, `${name}-${width}`, !isDialog)
  }
  await page.setViewportSize({ width: wide, height: 900 })
}

async function invite(owner: Page, email: string): Promise<void> {
  await owner.goto('/members')
  await owner.getByRole('button', { name: 'Invite' }).click()
  await owner.getByLabel('E-mail').fill(email)
  await owner.getByRole('button', { name: 'Send invitation' }).click()
  await owner.getByRole('heading', { name: 'Invitation sent' }).waitFor()
}

test('a forgotten password is reset by a link that is mailed, and the page says the same of unknown addresses', async () => {
  const { url } = await server()
  const old = await openWindow()
  await signIn(old, demo.member)

  const page = await openWindow()
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
  const owner = await openWindow()
  await signIn(owner, demo.owner)
  const email = `ruth.${randomUUID().slice(0, 8)}@acme.test`
  await invite(owner, email)
  await look(owner, 'invitation-sent')
  assert.equal(await owner.getByText(/\/invitations\//).count(), 0, 'the link is shown')
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

  const guest = await openWindow()
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
  const owner = await openWindow()
  await signIn(owner, demo.globex)
  await invite(owner, demo.admin)
  const link = await mailedLink(url, demo.admin, /Invitation to/)
  const page = await openWindow()
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
