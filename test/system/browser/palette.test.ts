// Shortcuts and the command palette, by keyboard alone.
import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { test } from 'node:test'
import { createKey, demo, signedIn } from './support/api.ts'
import { heading, openPage, signIn } from './support/browser.ts'
import { expect } from './support/expect.ts'
import { look } from './support/look.ts'

const find = 'Find pages, actions and keys'

test('a key is found by its name, a page by a word, an action by another', async (t) => {
  const name = `Palette ${randomUUID().slice(0, 8)}`
  await createKey(await signedIn(demo.owner), { name, scopes: [] })
  const page = await openPage(t)
  await signIn(page, demo.owner)
  const searches: string[] = []
  page.on('request', (request) => {
    const { searchParams, pathname } = new URL(request.url())
    if (pathname === '/api/api-keys') searches.push(searchParams.get('search') ?? '')
  })
  await page.keyboard.press('Control+k')
  const field = page.getByRole('combobox', { name: find })
  await field.waitFor()
  await page.keyboard.type(name)
  const options = page.getByRole('option')
  await options.filter({ hasText: name }).waitFor()
  assert.ok(searches.filter(Boolean).length <= 2, `typed letters are not searched: ${searches}`)
  await look(page, 'palette')
  await page.keyboard.press('Enter')
  await heading(page, name)

  await page.keyboard.press('Control+k')
  await field.waitFor()
  await page.keyboard.type('audit')
  await options.filter({ hasText: 'Audit log' }).waitFor()
  await page.keyboard.press('Enter')
  await heading(page, 'Audit log')

  await page.getByRole('button', { name: 'Find', exact: true }).click()
  await field.waitFor()
  await page.keyboard.type('theme dark')
  await options.filter({ hasText: 'dark theme' }).waitFor()
  await page.keyboard.press('Enter')
  await field.waitFor({ state: 'detached' })
  await expect.poll(() => page.evaluate(() => document.documentElement.dataset.mode)).toBe('dark')
})

test('a pasted token is searched by its prefix only', async (t) => {
  const { key, name } = await createKey(await signedIn(demo.owner), { name: 'Pasted', scopes: [] })
  const page = await openPage(t)
  await signIn(page, demo.owner)
  const addresses: string[] = []
  page.on('request', (request) => addresses.push(request.url()))
  await page.keyboard.press('Control+k')
  await page.getByRole('combobox', { name: find }).fill(key)
  await page.getByRole('option').filter({ hasText: name }).waitFor()
  assert.ok(!addresses.some((address) => address.includes(key)))
})

test('keys lead to pages, to the search and to a new key, and the help lists them', async (t) => {
  // A list without keys has no search.
  await createKey(await signedIn(demo.owner), { name: 'Listed', scopes: [] })
  const page = await openPage(t)
  await signIn(page, demo.owner)
  await page.keyboard.press('g')
  await page.keyboard.press('m')
  await heading(page, 'Members')
  await page.keyboard.press('g')
  await page.keyboard.press('k')
  await heading(page, 'API keys')
  await page.keyboard.press('/')
  const search = page.getByRole('searchbox')
  await search.waitFor()
  await expect(search).toBeFocused()
  // Typing in a field is typing.
  await page.keyboard.type('c?gm')
  await expect(search).toHaveValue('c?gm')
  await search.fill('')
  await search.blur()
  await page.keyboard.press('c')
  await heading(page, 'Create API key')
  await page.keyboard.press('?')
  const help = page.getByRole('dialog', { name: 'Keyboard shortcuts' })
  await help.getByText('Go to Audit log').waitFor()
  await look(page, 'shortcuts')
  // Over a dialog they do nothing.
  await page.keyboard.press('g')
  await page.keyboard.press('m')
  await page.keyboard.press('Control+k')
  await expect(page.getByRole('dialog')).toHaveCount(1)
  assert.match(page.url(), /\/keys\/new$/)

  // Keys alone can be turned off.
  await help.getByRole('checkbox', { name: 'Shortcuts without Ctrl or ⌘' }).click()
  await page.keyboard.press('Escape')
  await help.waitFor({ state: 'detached' })
  await page.keyboard.press('g')
  await page.keyboard.press('m')
  await page.keyboard.press('Control+k')
  await page.getByRole('combobox', { name: find }).waitFor()
  await page.keyboard.press('Escape')
  await heading(page, 'Create API key')
})

test('a member is offered nothing that only others may do', async (t) => {
  const page = await openPage(t)
  await signIn(page, demo.member)
  await page.keyboard.press('c')
  await page.keyboard.press('Control+k')
  const field = page.getByRole('combobox', { name: find })
  // Keys of other tests may be found.
  for (const [text, offered] of [
    ['create', 'Create API key'],
    ['status', 'Status'],
  ] as const) {
    await field.fill(text)
    await page.getByText('Nothing found').or(page.getByRole('option')).first().waitFor()
    await expect(page.getByRole('option', { name: offered, exact: true })).toHaveCount(0)
  }
  await page.keyboard.press('Escape')
  await heading(page, 'API keys')
})
