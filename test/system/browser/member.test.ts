// A member: can view everything, cannot make changes, and is shown the reason.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createKey, demo, signedIn } from './support/api.ts'
import { heading, openKey, openPage, row, signIn } from './support/browser.ts'
import { expect } from './support/expect.ts'

test('a member can view keys, members, the audit log and scopes, and cannot change them', async (t) => {
  const owner = await signedIn(demo.owner)
  const { id, name } = await createKey(owner, { name: 'Seen by members', scopes: [] })
  const page = await openPage(t)
  await signIn(page, demo.member)
  await page
    .getByRole('note')
    .getByText('you can view its keys, webhooks, members and audit log, but not change them')
    .waitFor()
  const create = page.getByRole('button', { name: 'Create API key' })
  await expect(create).toBeDisabled()
  await page.getByTitle('Your role is Member').filter({ has: create }).waitFor()
  await row(page, name)
    .getByRole('button', { name: `Actions for ${name}` })
    .click()
  await page.getByRole('menuitem').first().waitFor()
  await expect(page.getByRole('menuitem')).toHaveText(['Open'])
  await page.keyboard.press('Escape')

  await openKey(page, name)
  await expect(page.getByRole('button', { name: /Revoke|Rotate|Edit|Disable/ })).toHaveCount(0)
  await page.goto('/keys/new')
  await page.getByText('Your role is Member').waitFor()
  await expect(page.getByLabel('Name', { exact: true })).toHaveCount(0)
  await page.goto(`/keys/${id}/edit`)
  await page.getByText('Your role is Member').waitFor()
  await expect(page.getByLabel('Name', { exact: true })).toHaveCount(0)

  await page.getByRole('link', { name: 'Members', exact: true }).click()
  await row(page, 'Maya Lindqvist').waitFor()
  await expect(page.getByRole('button', { name: 'Invite' })).toBeDisabled()
  await page.getByRole('link', { name: 'Audit log', exact: true }).click()
  await row(page, name).getByText('Key created').waitFor()
  await page.getByRole('link', { name: 'Scopes', exact: true }).click()
  await page.getByRole('cell', { name: 'Launch broadcast campaigns' }).waitFor()
})

test('after sign-out every page leads to the sign-in page', async (t) => {
  const page = await openPage(t)
  await signIn(page, demo.member)
  await page.getByRole('link', { name: 'Scopes', exact: true }).click()
  await heading(page, 'Scopes')
  await page.getByRole('button', { name: 'Sign out' }).click()
  await heading(page, 'Sign in')
  await page.goBack()
  await heading(page, 'Sign in')
  await page.goto('/members')
  await heading(page, 'Sign in')
  assert.match(page.url(), /next=%2Fmembers/)
})
