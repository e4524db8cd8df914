// A browser window in which nothing may go wrong unseen: every console error, exception and violation of the
// Content-Security-Policy fails the test that opened it.
import assert from 'node:assert/strict'
import type { TestContext } from 'node:test'
import type { BrowserContext, Page } from 'playwright-core'
import { secretOf } from './server.ts'
import { chromium, latchkey } from './world.ts'

export type Look = { theme?: 'light' | 'dark'; width?: number; height?: number }

export const wide = 1280
export const narrow = 390

type Watched = { context: BrowserContext; page: Page; complaints: string[] }

/**
 * A page in a window of its own, closed and asked for complaints when the test ends.
 * `expected`: failures that the journey provokes, by a part of what the browser says of them.
 */
export async function openPage(
  t: TestContext,
  { theme = 'light', width = wide, height = 900 }: Look = {},
  expected: readonly string[] = [],
): Promise<Page> {
  const context = await (await chromium()).newContext({
    baseURL: await latchkey(),
    viewport: { width, height },
    colorScheme: theme,
    reducedMotion: 'reduce',
    permissions: ['clipboard-read', 'clipboard-write'],
    timezoneId: 'UTC',
    locale: 'en-GB',
  })
  context.setDefaultTimeout(20_000)
  const { page, complaints } = await watch(context)
  t.after(async () => {
    await context.close()
    const unexpected = complaints.filter((text) => !expected.some((part) => text.includes(part)))
    assert.deepEqual(unexpected, [], 'the browser complained')
  })
  return page
}

async function watch(context: BrowserContext): Promise<Watched> {
  const complaints: string[] = []
  await context.addInitScript(() => {
    addEventListener('securitypolicyviolation', (event) => {
      console.error(`CSP: ${event.violatedDirective} ${event.blockedURI} ${event.sourceFile}`)
    })
  })
  context.on('console', (message) => {
    const { url } = message.location()
    if (['error', 'warning'].includes(message.type())) complaints.push(`${message.text()} ${url}`)
  })
  context.on('weberror', (error) => complaints.push(String(error.error().stack)))
  return { context, page: await context.newPage(), complaints }
}

export async function signIn(
  page: Page,
  email: string,
  password = secretOf('DEMO_PASSWORD'),
): Promise<void> {
  await page.goto('/sign-in')
  await page.getByLabel('E-mail').fill(email)
  await page.getByLabel('Password').fill(password)
  await page.getByRole('button', { name: 'Sign in' }).click()
  await heading(page, 'API keys')
}

export async function heading(page: Page, name: string): Promise<void> {
  await page.getByRole('heading', { level: 1, name, exact: true }).waitFor()
}

/** Opens a key's page from the list, as a person does. */
export async function openKey(page: Page, name: string): Promise<void> {
  await page.goto(`/keys?search=${encodeURIComponent(name)}`)
  await page.getByRole('link', { name, exact: true }).click()
  await heading(page, name)
}

/** The row of a table that holds a text. */
export function row(page: Page, text: string) {
  return page.getByRole('row').filter({ hasText: text })
}

/** What a page says under a name in a list of facts. */
export async function fact(page: Page, name: string): Promise<string> {
  const term = page.getByRole('term').filter({ hasText: new RegExp(`^${name}$`) })
  return (await term.locator('xpath=following-sibling::dd').innerText()).trim()
}
