// What the first paint waits for, and what follows it.
import { test } from 'node:test'
import type { Page } from 'playwright'
import { createKey, demo, signedIn } from './support/api.ts'
import { heading, openPage, row, signIn } from './support/browser.ts'
import { expect } from './support/expect.ts'

const later = '**/assets/later-*.js'

test('with its answers there before its code, the list is drawn once, without a placeholder', async (t) => {
  await createKey(await signedIn(demo.owner), { name: 'Drawn once' })
  const page = await openPage(t)
  await signIn(page, demo.owner)
  await page.waitForURL(/\/a\/[^/]+\/keys$/)
  await page.addInitScript(() => {
    const shown: string[] = []
    Object.assign(globalThis, { placeholders: shown })
    new MutationObserver(() => {
      const status = document.querySelector('[role="status"][aria-label]')
      if (status) shown.push(String(status.getAttribute('aria-label')))
    }).observe(document, { childList: true, subtree: true })
  })
  const answers = ['get-session', 'organization/list', 'api/account', 'api-keys?', 'summary']
  const answered = Promise.all(
    answers.map((part) => page.waitForResponse((response) => response.url().includes(part))),
  )
  await page.route('**/assets/sign-in-*.js', async (route) => {
    await answered
    await page.waitForTimeout(100)
    await route.continue()
  })
  await page.reload()
  await heading(page, 'API keys')
  await page.getByRole('row').nth(1).waitFor()
  await expect.poll(() => page.evaluate(() => Object(globalThis).placeholders)).toEqual([])
})

test('a menu and a filter open by keyboard, and give the focus back', async (t) => {
  const { name } = await createKey(await signedIn(demo.owner), { name: 'Opened by keyboard' })
  const page = await openPage(t)
  await signIn(page, demo.owner)
  const actions = row(page, name).getByRole('button', { name: `Actions for ${name}` })
  for (const opens of ['Enter', ' ', 'ArrowDown']) {
    await actions.focus()
    await page.keyboard.press(opens)
    await focusedItem(page, 'Open')
    await page.keyboard.press('ArrowDown')
    await focusedItem(page, 'Edit')
    await page.keyboard.press('Escape')
    await page.getByRole('menu').waitFor({ state: 'detached' })
    await expect(actions).toBeFocused()
  }
  const status = page.getByRole('combobox', { name: 'Status' })
  for (const opens of ['Enter', 'ArrowDown']) {
    await status.focus()
    await page.keyboard.press(opens)
    await page.getByRole('option', { name: 'All statuses' }).waitFor()
    await page.keyboard.press('Escape')
    await page.getByRole('listbox').waitFor({ state: 'detached' })
    await expect(status).toBeFocused()
  }
})

test('where the code of menus does not arrive, the list is there, and a menu says so until it has', async (t) => {
  const { name } = await createKey(await signedIn(demo.owner), { name: 'Without menus' })
  const page = await openPage(t, {}, ['Failed to load resource', 'Its code did not arrive'])
  let isBlocked = true
  await page.route(later, (route) => (isBlocked ? route.abort() : route.continue()))
  await signIn(page, demo.owner)
  const actions = row(page, name).getByRole('button', { name: `Actions for ${name}` })
  await actions.click()
  await page.getByText('This part of the page could not be loaded').waitFor()
  await page.getByRole('button', { name: 'Close', exact: true }).click()
  await page.getByText('This part of the page could not be loaded').waitFor({ state: 'detached' })
  await row(page, name).getByRole('link', { name }).waitFor()
  isBlocked = false
  await actions.click()
  const open = page.getByRole('menuitem', { name: 'Open', exact: true })
  // Chromium does not ask for a module again that has failed: the page is loaded anew.
  const reloaded = page.waitForEvent('domcontentloaded').then(() => actions.click())
  await page.getByRole('button', { name: 'Try again' }).click()
  await Promise.race([reloaded, open.waitFor()])
  await open.click()
  await heading(page, name)
})

async function focusedItem(page: Page, name: string): Promise<void> {
  const item = page.getByRole('menuitem', { name, exact: true })
  await item.waitFor()
  await page.waitForFunction((text) => document.activeElement?.textContent === text, name)
}
