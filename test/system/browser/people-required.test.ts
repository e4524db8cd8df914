// An account whose owner requires a second factor, and a member who has none. In a Latchkey of its own, since it is a demo
// account that requires one.
import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import type { Page } from 'playwright'
import { type Server, startLatchkey } from '../../support/system/launch.ts'
import { demo } from './support/api.ts'
import { addDevice } from './support/authenticator.ts'
import { heading, openWindow, signIn } from './support/browser.ts'
import { expect } from './support/expect.ts'
import { addPasskey, beginApp, codeField, storeCodes } from './support/factors.ts'
import { look } from './support/look.ts'

let server: Server | null = null
after(async () => await server?.stop())

/** By the session of the page. */
async function post<T>(page: Page, path: string, data: object): Promise<T> {
  const headers = { origin: new URL(page.url()).origin }
  const response = await page.request.post(path, { headers, data })
  assert.equal(response.status(), 200, await response.text())
  return (await response.json()) as T
}

test('an owner requires a second factor: a member without one enrols it, and goes on where they were', async () => {
  server = await startLatchkey()
  const owner = await openWindow(server.url)
  await signIn(owner, demo.globex)
  const toggle = owner.getByRole('switch', { name: 'Require a second factor' })
  await owner.goto('/account')
  await owner.getByText('You have no second factor yourself').waitFor()
  await expect(toggle).toBeDisabled()
  await look(owner, 'account-without-own-factor')
  await owner.getByRole('link', { name: 'Open your profile' }).click()
  const app = await beginApp(owner)
  await codeField(owner).fill(await app.code())
  await owner.getByRole('button', { name: 'Confirm' }).click()
  await storeCodes(owner)

  const invitation = { email: demo.member, role: 'admin' }
  const { id } = await post<{ id: string }>(
    owner,
    '/api/auth/organization/invite-member',
    invitation,
  )
  const member = await openWindow(server.url)
  await signIn(member, demo.member)
  await member.goto(`/invitations/${id}`)
  await member.getByRole('button', { name: 'Join Globex' }).click()
  await heading(member, 'API keys')

  await owner.goto('/account')
  await owner.getByText('1 member has no second factor yet').waitFor()
  await toggle.click()
  const dialog = owner.getByRole('dialog', { name: 'Require a second factor?' })
  await dialog.getByText(demo.member).waitFor()
  await look(owner, 'require-factor')
  await dialog.getByRole('button', { name: 'Require', exact: true }).click()
  await owner.getByText('A second factor is now required').waitFor()
  await expect(toggle).toBeChecked()
  await owner.getByText('can do nothing in this account until they add one').waitFor()
  await look(owner, 'account-requires-factor')

  // Without loading the page again: what it reads next is refused, of another page or of this one.
  const toAuditLog = member.getByRole('link', { name: 'Audit log', exact: true })
  await toAuditLog.click({ timeout: 5_000 }).catch(() => {})
  await heading(member, 'Globex requires a second factor')
  const { pathname } = new URL(member.url())
  await expect(member.getByRole('navigation')).toHaveCount(0)
  await look(member, 'required-factor')
  await member.getByRole('link', { name: 'Go to Acme Inc' }).click()
  await heading(member, 'API keys')
  await member.goBack()
  await heading(member, 'Globex requires a second factor')

  await addDevice(member)
  await addPasskey(member, 'Laptop')
  await storeCodes(member)
  await member.getByText('You have one now').waitFor()
  await look(member, 'required-factor-added')
  await member.getByRole('button', { name: 'Continue to Globex' }).click()
  await member.getByRole('navigation').first().waitFor()
  assert.equal(new URL(member.url()).pathname, pathname)
  await toAuditLog.click()
  await member.getByText('Second factor requirement changed').first().waitFor()

  await member.goto('/profile')
  await member.getByRole('button', { name: 'Actions for Laptop' }).click()
  await member.getByRole('menuitem', { name: 'Remove…' }).click()
  await member.getByText('Globex requires a second factor').waitFor()

  await owner.reload()
  await owner.getByText('Every member has a second factor.').waitFor()
  await toggle.click()
  await owner.getByRole('button', { name: 'Stop requiring' }).click()
  await owner.getByText('A second factor is no longer required').waitFor()
  await expect(toggle).not.toBeChecked()
})
