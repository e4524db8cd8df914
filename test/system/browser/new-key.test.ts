// What fills in the form of a new key: a link, or another key; and the errors beside its button.
import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { test } from 'node:test'
import type { Page } from 'playwright'
import { createKey, demo, type Person, signedIn } from './support/api.ts'
import { detail, heading, openPage, row, signIn } from './support/browser.ts'
import { curl } from './support/curl.ts'
import { expect } from './support/expect.ts'
import { tabTo } from './support/keyboard.ts'
import { look } from './support/look.ts'

const marked = (name: string) => `${name} ${randomUUID().slice(0, 8)}`

type Shown = {
  name: string
  scopes: string[]
  external_id: string | null
  expires_at: string | null
  format: string
  allowed_ips: string[] | null
  metadata: unknown
  rate_limit: { limit: number; window_seconds: number }[] | null
}

async function findKey(person: Person, name: string): Promise<Shown> {
  const { data } = await person.get<{ data: Shown[] }>(
    `/api/api-keys?search=${encodeURIComponent(name)}`,
  )
  assert.ok(data[0], name)
  return data[0]
}

async function create(page: Page): Promise<string> {
  await page.getByRole('button', { name: 'Create key' }).click()
  await page.getByRole('button', { name: 'I have stored it' }).waitFor()
  const token = await page
    .getByRole('region', { name: 'Token', exact: true })
    .locator('pre')
    .innerText()
  await page.getByRole('button', { name: 'I have stored it' }).click()
  return token.trim()
}

test('a link fills in a new key, whose token works, and names what it cannot fill in', async (t) => {
  const name = marked('Linked')
  const page = await openPage(t)
  await signIn(page, demo.admin)
  const query = new URLSearchParams({
    name,
    scopes: 'contacts:read,contacts:fly,keys:manage',
    expires: '30',
    external_id: 'customer-9',
    colour: 'red',
  })
  await page.goto(`/keys/new?${query}`)
  await heading(page, 'Create API key')
  await page.getByText('This form is filled in').waitFor()
  await page.getByText('No scope is called “contacts:fly”.').waitFor()
  await page.getByText('keys:manage: Only owners can grant this scope.').waitFor()
  await page.getByText('“colour” is no field of a link.').waitFor()
  await expect(page.getByLabel('Name', { exact: true })).toHaveValue(name)
  await look(page, 'new-key-linked')
  const token = await create(page)
  await heading(page, name)
  const made = await findKey(await signedIn(demo.owner), name)
  assert.deepEqual(made.scopes, ['contacts:read'])
  assert.equal(made.external_id, 'customer-9')
  const days = (Date.parse(made.expires_at ?? '') - Date.now()) / 86_400_000
  assert.ok(days > 29.9 && days <= 30, `${days} days`)
  assert.equal(await curl(token, '/api/contacts'), 200)
})

test('a template fills in a new key, by keyboard alone, and its link too', async (t) => {
  const name = marked('Templated')
  const page = await openPage(t)
  await signIn(page, demo.admin)
  await page.goto('/keys/new')
  const sender = page.getByRole('link', { name: 'Message sender' })
  await tabTo(page, sender)
  await look(page, 'new-key-templates')
  await page.keyboard.press('Enter')
  await page.waitForURL(/template=Message\+sender/)
  await page.getByText('This form is filled in').waitFor()
  await expect(page.getByLabel('Name', { exact: true })).toHaveValue('Sender')
  await page.getByLabel('Name', { exact: true }).fill(name)
  await look(page, 'new-key-template')
  await create(page)
  const made = await findKey(await signedIn(demo.owner), name)
  assert.deepEqual(
    [made.scopes, made.format, made.expires_at, made.allowed_ips, made.metadata],
    [['messages:send'], 'wacrm_live', null, ['203.0.113.0/24'], { team: 'messaging' }],
  )
  const limits = made.rate_limit?.map(({ limit, window_seconds }) => [limit, window_seconds])
  assert.deepEqual(limits, [[60, 60]])
  await page.goto('/keys/new?template=Reader')
  await page.getByText('No template is called “Reader”').waitFor()
  await page.getByRole('link', { name: 'Read-only' }).click()
  await page.getByText('This form is filled in').waitFor()
  const read = page.getByRole('checkbox', { name: /contacts:read/ })
  await expect(read).toBeChecked()
})

test('a duplicate begins with the grant of a key, from its menu, and is another key', async (t) => {
  const name = marked('Original')
  await createKey(await signedIn(demo.owner), {
    name,
    scopes: ['contacts:*', 'messages:read'],
    allowed_ips: ['127.0.0.1', '::1'],
    rate_limit: [{ limit: 7, window_seconds: 60 }],
  })
  const page = await openPage(t)
  await signIn(page, demo.owner)
  await page.goto(`/keys?search=${encodeURIComponent(name)}`)
  await row(page, name)
    .getByRole('button', { name: `Actions for ${name}` })
    .focus()
  await page.keyboard.press('Enter')
  await page.getByRole('menuitem', { name: 'Duplicate' }).focus()
  await page.keyboard.press('Enter')
  await heading(page, 'Create API key')
  await page.getByRole('checkbox', { name: /^contacts:\*.*All of Contacts/ }).waitFor()
  const token = await create(page)
  await heading(page, `${name} (copy)`)
  await expect(detail(page, 'Rate limits')).toHaveText(/^7 per minute/, { useInnerText: true })
  await expect(detail(page, 'Allowed IP addresses')).toHaveText(/127\.0\.0\.1/, {
    useInnerText: true,
  })
  await expect(detail(page, 'Scopes')).toHaveText(/contacts:\*[\s\S]*messages:read/, {
    useInnerText: true,
  })
  await expect(detail(page, 'Expires')).toHaveText('Never', { useInnerText: true })
  assert.equal(await curl(token, '/api/contacts'), 200)
})

test('the errors of a long form stand beside its button, and lead to their fields by keyboard', async (t) => {
  const page = await openPage(t, { height: 600 })
  await signIn(page, demo.owner)
  await page.goto('/keys/new')
  await heading(page, 'Create API key')
  await page.getByRole('button', { name: 'Rate limits and credits' }).click()
  await page.getByRole('button', { name: 'Add rate limit' }).click()
  await page.getByLabel('Limit 1: requests').fill('none')
  await page.getByRole('button', { name: 'Create key' }).click()
  const summary = page.getByRole('list', { name: 'What to mend' })
  await summary.getByRole('button', { name: 'Enter a name' }).waitFor()
  await expect(summary.getByRole('listitem')).toHaveCount(3)
  await look(page, 'new-key-errors')
  await summary.getByRole('button', { name: 'Enter a name' }).focus()
  await page.keyboard.press('Enter')
  const name = page.getByLabel('Name', { exact: true })
  await expect(name).toBeFocused()
  await page.keyboard.type('Mended')
  await summary.getByRole('button', { name: 'Enter a name' }).waitFor({ state: 'detached' })
  await expect(page.getByRole('button', { name: 'Create key' })).toBeVisible()
})
