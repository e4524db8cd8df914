// Adds second factors on the profile page.
import assert from 'node:assert/strict'
import type { Page } from 'playwright'
import { Authenticator } from './totp.ts'

export const codeField = (page: Page) => page.getByLabel('Code', { exact: true })

/** On the profile page: begins to set up an authenticator app, up to its code. */
export async function beginApp(page: Page): Promise<Authenticator> {
  await page.getByRole('button', { name: 'Set up app' }).click()
  await page.getByRole('button', { name: 'Continue' }).click()
  await page.getByRole('img', { name: /QR code/ }).waitFor()
  return new Authenticator(await page.getByRole('dialog').locator('code').innerText())
}

/** Of the dialog that shows them once. */
export async function shownCodes(page: Page): Promise<string[]> {
  const list = page.getByRole('region', { name: 'Recovery codes' }).getByRole('listitem')
  await list.first().waitFor()
  const codes = await list.allInnerTexts()
  assert.equal(new Set(codes).size, 10)
  return codes
}

export async function storeCodes(page: Page): Promise<string[]> {
  const codes = await shownCodes(page)
  await page.getByRole('button', { name: 'I have stored them' }).click()
  return codes
}

/** On the profile page, with a device of `addDevice`. */
export async function addPasskey(page: Page, name: string): Promise<void> {
  await page.getByRole('button', { name: 'Add passkey' }).click()
  await page.getByLabel('Name').fill(name)
  await page.getByRole('button', { name: 'Continue' }).click()
}
