// A browser window whose console errors, exceptions and violations of the Content-Security-Policy fail the test
// that opened it.
import assert from 'node:assert/strict'
import type { TestContext } from 'node:test'
import { setTimeout } from 'node:timers/promises'
import type { BrowserContext, Page } from 'playwright'
import { secretOf } from '../../../support/system/launch.ts'
import { chromium, latchkey } from './shared.ts'

export type Look = { theme?: 'light' | 'dark'; width?: number; height?: number }

export const wide = 1440
export const medium = 768
export const narrow = 375

/** With SLOW_API_MS, each answer of the API is late by a random time up to it: finds tests that click before it. */
const slowestMs = Number(process.env.SLOW_API_MS ?? 0)

type Watched = { context: BrowserContext; page: Page; errors: string[] }

/**
 * A page in a window of its own, which is closed and checked for errors when the test ends.
 * `expected`: parts of the error messages that the test provokes.
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
  context.setDefaultTimeout(60_000)
  const { page, errors } = await watch(context)
  t.after(async () => {
    // A route that is still being answered would fail after the test, and with it the file.
    for (const each of context.pages()) await each.unrouteAll({ behavior: 'ignoreErrors' })
    await context.unrouteAll({ behavior: 'ignoreErrors' })
    await context.close()
    const unexpected = errors.filter((text) => !expected.some((part) => text.includes(part)))
    assert.deepEqual(unexpected, [], 'console errors')
  })
  return page
}

/** A window on a deployment of the test's own, until its browser is closed. What its console says is not checked. */
export async function openWindow(baseURL: string): Promise<Page> {
  const context = await (await chromium()).newContext({
    baseURL,
    viewport: { width: wide, height: 900 },
    reducedMotion: 'reduce',
    acceptDownloads: true,
  })
  context.setDefaultTimeout(60_000)
  return context.newPage()
}

async function watch(context: BrowserContext): Promise<Watched> {
  const errors: string[] = []
  await context.addInitScript(() => {
    addEventListener('securitypolicyviolation', (event) => {
      console.error(`CSP: ${event.violatedDirective} ${event.blockedURI} ${event.sourceFile}`)
    })
  })
  context.on('console', (message) => {
    const { url } = message.location()
    if (['error', 'warning'].includes(message.type())) errors.push(`${message.text()} ${url}`)
  })
  if (slowestMs > 0) {
    await context.route('**/api/**', async (route) => {
      await setTimeout(Math.random() * slowestMs)
      // The window may be gone.
      await route.continue().catch(() => undefined)
    })
  }
  context.on('weberror', (error) => errors.push(String(error.error().stack)))
  return { context, page: await context.newPage(), errors }
}

/** On the page that asks for it. */
export async function submitSignIn(page: Page, email: string, password: string): Promise<void> {
  await page.getByLabel('E-mail').fill(email)
  await page.getByLabel('Password').fill(password)
  await page.getByRole('button', { name: 'Sign in', exact: true }).click()
}

/** Opens the list of keys in a new session, without the form, which has tests of its own. */
export async function signIn(
  page: Page,
  email: string,
  password = secretOf('DEMO_PASSWORD'),
): Promise<void> {
  const { origin } = new URL((await page.request.get('/favicon.svg')).url())
  const response = await page.request.post('/api/auth/sign-in/email', {
    data: { email, password },
    headers: { origin },
  })
  assert.ok(response.ok(), `${email}: ${response.status()} ${await response.text()}`)
  await page.goto('/keys')
  await heading(page, 'API keys')
}

export async function heading(page: Page, name: string): Promise<void> {
  await page.getByRole('heading', { level: 1, name, exact: true }).waitFor()
}

/** Opens a key's page from the list. */
export async function openKey(page: Page, name: string): Promise<void> {
  await page.goto(`/keys?search=${encodeURIComponent(name)}`)
  await page.getByRole('link', { name, exact: true }).click()
  await heading(page, name)
}

/** The row of a table that holds a text. */
export function row(page: Page, text: string) {
  return page.getByRole('row').filter({ hasText: text })
}

/** What stands under a name in a description list. */
export function detail(page: Page, name: string) {
  const term = page.getByRole('term').filter({ hasText: new RegExp(`^${name}$`) })
  return term.locator('xpath=following-sibling::dd')
}
