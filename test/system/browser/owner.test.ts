// An owner: signs in, creates a key, uses it and revokes it.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Locator, Page } from 'playwright'
import { createKey, demo, signedIn } from './support/api.ts'
import { detail, heading, openKey, openPage, row, signIn } from './support/browser.ts'
import { curl } from './support/curl.ts'
import { expect } from './support/expect.ts'

test('an owner creates a key by keyboard alone and uses its token', async (t) => {
  const page = await openPage(t)
  await page.goto('/')
  await heading(page, 'Sign in')
  await page.keyboard.type(demo.owner)
  await page.keyboard.press('Tab')
  const { password } = await signedIn(demo.owner)
  await page.keyboard.type(password)
  await page.keyboard.press('Enter')
  await heading(page, 'API keys')

  await tabTo(page.getByRole('button', { name: 'Create API key' }).first())
  await page.keyboard.press('Enter')
  await heading(page, 'Create API key')
  await tabTo(page.getByRole('textbox', { name: 'Name' }))
  await page.keyboard.type('By keyboard')
  await tabTo(page.getByRole('checkbox', { name: /contacts:read/ }))
  await page.keyboard.press('Space')
  await tabTo(page.getByRole('button', { name: 'Create key' }))
  await page.keyboard.press('Enter')

  const dialog = page.getByRole('dialog')
  await dialog.getByRole('button', { name: 'I have stored it' }).waitFor()
  const token = await dialog.locator('pre').first().innerText()
  await tabTo(dialog.getByRole('button', { name: 'Copy token' }))
  // Chromium permits clipboard access only to the focused window, and other tests open windows too.
  await page.bringToFront()
  await dialog.getByRole('button', { name: 'Copy token' }).press('Enter')
  await dialog.getByRole('button', { name: 'Copied' }).waitFor()
  await expect.poll(() => page.evaluate(() => navigator.clipboard.readText())).toBe(token)
  assert.equal(await curl(token), 200)
  assert.equal(await curl(token, '/api/contacts'), 200)
  assert.equal(await curl(token, '/api/messages'), 403, 'a scope that it was not given')

  await tabTo(dialog.getByRole('button', { name: 'I have stored it' }))
  await page.keyboard.press('Enter')
  await heading(page, 'By keyboard')
  const time = await page.getByText('just now').first().getAttribute('title')
  assert.match(time ?? '', /UTC$/)
})

test('as soon as the page shows the revocation, curl fails', async (t) => {
  const name = 'Ends today'
  const { key: token, key_prefix } = await createKey(await signedIn(demo.owner), { name })
  assert.equal(await curl(token), 200)

  const page = await openPage(t)
  await signIn(page, demo.owner)
  await openKey(page, name)
  await page.getByRole('button', { name: 'Revoke', exact: true }).click()
  const confirm = page.getByRole('button', { name: 'Revoke key' })
  await expect(confirm, 'before its prefix is typed').toBeDisabled()
  await page.getByLabel(`Type ${key_prefix} to confirm`).fill(key_prefix)
  await confirm.click()
  await page.getByText('Waiting for all regions to reject the key').waitFor()
  await page.getByText(`${name} revoked`).waitFor()
  assert.equal(await curl(token), 401)

  await page.getByText('The key is kept as a record').waitFor()
  await page.getByRole('cell', { name: 'Key revoked' }).waitFor()
  await page.goto(`/keys?search=${name}`)
  await row(page, name).getByText('Revoked').waitFor()
})

test('an owner says what a key that manages keys may grant, and reads it in words', async (t) => {
  const page = await openPage(t)
  await signIn(page, demo.owner)
  await page.goto('/keys/new')
  await page.getByLabel('Name', { exact: true }).fill('Provisioner')
  await page.getByRole('checkbox', { name: /keys:manage/ }).click()
  await page
    .getByRole('checkbox', { name: /contacts:read/ })
    .nth(1)
    .click()
  await page.getByLabel('Maximum lifetime of its keys').fill('30')
  await page.getByLabel('Maximum number of keys').fill('1')
  await page.getByRole('button', { name: 'Create key' }).click()
  await page.getByRole('button', { name: 'I have stored it' }).click()
  await heading(page, 'Provisioner')
  for (const line of ['Scopes: contacts:read', 'For at most 30 days', 'At most 1 key at a time']) {
    await page.getByText(line, { exact: true }).waitFor()
  }

  await page
    .getByRole('link', { name: 'Edit' })
    .or(page.getByRole('button', { name: 'Edit' }))
    .click()
  await page.getByLabel('Maximum number of keys').fill('')
  await page.getByRole('button', { name: 'Save changes' }).click()
  await page.getByText('For at most 30 days', { exact: true }).waitFor()
  await page.getByText('At most 1 key at a time', { exact: true }).waitFor({ state: 'detached' })
})

test('a key for certain resources and with a wildcard is let to these, and stays so when it is changed', async (t) => {
  const owner = await signedIn(demo.owner)
  const { key: writer } = await createKey(owner, { name: 'Writer', scopes: ['contacts:write'] })
  const page = await openPage(t)
  const contact = async (name: string): Promise<string> => {
    const headers = { 'x-api-key': writer }
    const made = await page.request.post('/api/contacts', { headers, data: { name } })
    return (await made.json()).data.id
  }
  const [one, other] = [await contact('Ada'), await contact('Grace')]
  await signIn(page, demo.owner)
  await page.goto('/keys/new')
  await page.getByLabel('Name', { exact: true }).fill('Of one contact')
  await page.getByRole('checkbox', { name: /contacts:read/ }).click()
  await page.getByRole('combobox', { name: 'Resources of contacts:read' }).click()
  await page.getByRole('option', { name: 'Only certain IDs' }).click()
  await page.getByRole('button', { name: 'Create key' }).click()
  await page.getByText('Enter at least one ID for contacts:read').first().waitFor()
  await page.getByLabel('IDs of contacts:read').fill(` ${one}\n`)
  await page.getByRole('checkbox', { name: /^messages:\*/ }).click()
  const included = page.getByRole('checkbox', { name: /messages:read/ })
  await expect(included).toBeChecked()
  await expect(included).toBeDisabled()
  await page.getByRole('button', { name: 'Create key' }).click()
  const token = await page.getByRole('dialog').locator('pre').first().innerText()
  await page.getByRole('button', { name: 'I have stored it' }).click()
  await heading(page, 'Of one contact')
  await expect(detail(page, 'Scopes')).toHaveText(
    `contacts:read#${one} messages:* ` +
      'messages:* covers messages:send and messages:read, and scopes to come. ' +
      'contacts:read covers only the resources whose IDs follow the #.',
    { useInnerText: true },
  )
  const paths = [`/api/contacts/${one}`, `/api/contacts/${other}`, '/api/contacts', '/api/messages']
  const statuses = async () => Promise.all(paths.map((path) => curl(token, path)))
  assert.deepEqual(await statuses(), [200, 403, 403, 200])

  await page.getByRole('button', { name: 'Edit', exact: true }).click()
  await page.getByRole('checkbox', { name: /^messages:\*/ }).click()
  await page.getByRole('button', { name: 'Save changes' }).click()
  await heading(page, 'Of one contact')
  assert.deepEqual(await statuses(), [200, 403, 403, 403])
})

test('a key of another environment is marked, found by it, and refused where a live key is needed', async (t) => {
  const page = await openPage(t)
  await signIn(page, demo.owner)
  await page.goto('/keys/new')
  await page.getByLabel('Name', { exact: true }).fill('For trying out')
  await page.getByRole('checkbox', { name: /contacts:read/ }).click()
  await page.getByRole('combobox', { name: 'Token format' }).click()
  await page.getByRole('option', { name: /^test: wacrm_test_/ }).click()
  await page.getByText('Requests that need a live key refuse it.').waitFor()
  await page.getByRole('button', { name: 'Create key' }).click()
  const token = await page.getByRole('dialog').locator('pre').first().innerText()
  await page.getByRole('button', { name: 'I have stored it' }).click()
  await heading(page, 'For trying out')
  await expect(detail(page, 'Environment')).toHaveText('test', { useInnerText: true })
  assert.equal(await curl(token, '/api/contacts'), 403)

  await page.goto('/keys')
  await page.getByRole('combobox', { name: 'Environment' }).click()
  await page.getByRole('option', { name: 'live' }).click()
  await page.waitForURL(/environment=live/)
  await row(page, 'For trying out').waitFor({ state: 'detached' })
  await page.getByRole('link', { name: /^\d+ test$/ }).click()
  await page.waitForURL(/environment=test/)
  await row(page, 'For trying out').getByText('test', { exact: true }).waitFor()
})

test('the list can be searched and filtered, and its filters cleared', async (t) => {
  const owner = await signedIn(demo.owner)
  await createKey(owner, { name: 'Findable one' })
  await createKey(owner, { name: 'Findable two', external_id: 'customer-77' })
  const page = await openPage(t)
  await signIn(page, demo.owner)
  await page.getByLabel('Search by name').fill('findable')
  await page.waitForURL(/search=findable/)
  await page
    .getByRole('row', { name: /Findable/ })
    .nth(1)
    .waitFor()
  await page.getByLabel('Search by name').fill('customer-77')
  await page.waitForURL(/search=customer-77/)
  await row(page, 'Findable one').waitFor({ state: 'detached' })
  await expect(row(page, 'Findable')).toHaveCount(1)

  await page.getByRole('combobox', { name: 'Status' }).click()
  await page.getByRole('option', { name: 'Revoked' }).click()
  await page.getByText('No matching keys').waitFor()
  await page.getByRole('link', { name: 'Show all keys' }).click()
  await row(page, 'Findable one').waitFor()
  await expect(page.getByLabel('Search by name')).toHaveValue('')
})

test('a long list is read page by page', async (t) => {
  const owner = await signedIn(demo.globex)
  const names = Array.from(
    { length: 27 },
    (_, index) => `Paged ${String(index + 1).padStart(2, '0')}`,
  )
  for (const name of names) await createKey(owner, { name, scopes: [] })
  const page = await openPage(t)
  await signIn(page, demo.globex)
  await page.goto('/keys?search=Paged')
  await row(page, 'Paged 27').waitFor()
  await page.getByRole('button', { name: 'Older' }).click()
  await row(page, 'Paged 01').waitFor()
  await expect(row(page, 'Paged')).toHaveCount(2)
  await assertAtTop(page, 'Page 2')
  await page.getByRole('button', { name: 'Newer' }).click()
  await row(page, 'Paged 27').waitFor()
  await assertAtTop(page, 'Page 1')

  // The page is in the address: going back, a reload and a link show it.
  await page.goBack()
  await row(page, 'Paged 01').waitFor()
  await row(page, 'Paged 01').getByRole('link').click()
  await heading(page, 'Paged 01')
  await page.goBack()
  await row(page, 'Paged 01').waitFor()
  await page.reload()
  await row(page, 'Paged 01').waitFor()
  await page.getByRole('button', { name: 'Newer' }).click()
  await row(page, 'Paged 27').waitFor()
  await page.goBack()
  await row(page, 'Paged 01').waitFor()
  const shared = await page.context().newPage()
  await shared.goto(page.url())
  await row(shared, 'Paged 01').waitFor()
  await shared.getByRole('button', { name: 'First page' }).or(shared.getByText('Newer')).click()
  await row(shared, 'Paged 27').waitFor()
  // A cursor belongs to its filter.
  await page.getByRole('searchbox').fill('Paged 2')
  await row(page, 'Paged 27').waitFor()
  assert.equal(new URL(page.url()).searchParams.get('cursor'), null)
})

/** The first row is in view, and the keyboard goes on from the list. */
async function assertAtTop(page: Page, name: string): Promise<void> {
  const list = page.getByRole('group', { name })
  await list.and(page.locator(':focus')).waitFor()
  const box = await list.boundingBox()
  assert.ok(box !== null && box.y >= 0 && box.y < 900, 'the top of the list is in view')
}

/** Presses Tab until the element has the focus, once it is there: a form may still load under its heading. */
async function tabTo(target: Locator): Promise<void> {
  await target.waitFor()
  for (let presses = 0; presses < 60; presses++) {
    await target.page().keyboard.press('Tab')
    if (await target.evaluate((element) => element === document.activeElement)) return
  }
  assert.fail(`Tab never came to ${target}.`)
}
