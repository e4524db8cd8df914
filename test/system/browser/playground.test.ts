// The playground: every check of a request with a key or a token, its mends, and no trace of the token.
import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { test } from 'node:test'
import type { Page } from 'playwright'
import { createKey, demo, signedIn } from './support/api.ts'
import { heading, narrow, openKey, openPage, signIn } from './support/browser.ts'
import { curl } from './support/curl.ts'
import { expect } from './support/expect.ts'
import { chooseFound, tabTo } from './support/keyboard.ts'
import { lookEverywhere } from './support/look.ts'

const named = (name: string) => `${name} ${randomUUID().slice(0, 8)}`
const check = (page: Page, name: string) =>
  page.getByRole('list', { name: 'Checks' }).getByRole('listitem').filter({ hasText: name })
const outcome = (page: Page, name: string) =>
  page.getByRole('region', { name: 'Answer' }).getByRole('status').getByText(name, { exact: true })
const ask = (page: Page) => page.getByRole('button', { name: 'Check', exact: true }).click()
const mark = async (page: Page, name: string) =>
  check(page, name).getByRole('img').first().getAttribute('aria-label')

test('a key that would be refused: its mends fill in its form, and then the same request passes', async (t) => {
  const owner = await signedIn(demo.owner)
  const key = await createKey(owner, {
    name: named('Tried'),
    scopes: ['contacts:read#41'],
    allowed_ips: ['198.51.100.7'],
  })
  const page = await openPage(t)
  await signIn(page, demo.owner)
  await openKey(page, key.name)
  await page.getByRole('link', { name: 'Try a request' }).click()
  await heading(page, 'Playground')
  // Of a request that a service verifies, at once.
  await outcome(page, 'IP address not allowed').waitFor()
  await page.getByLabel('Path').fill('/api/contacts/42')
  await page.getByText('The fields have changed since: check again.').waitFor()
  await page.getByLabel('Address of the client').fill('203.0.113.7')
  await ask(page)
  await check(page, 'Address').getByText('203.0.113.7 is not in 198.51.100.7.').waitFor()
  const marks = ['Path', 'Form of the token', 'Not revoked', 'Address', 'Scopes', 'Limits']
  assert.deepEqual(await Promise.all(marks.map((name) => mark(page, name))), [
    ...['Passed', 'Not checked', 'Passed', 'Failed', 'Failed', 'Passed'],
  ])
  await expect(page.getByText('decides')).toHaveCount(1)
  await lookEverywhere(page, 'playground')

  await check(page, 'Address').getByRole('link', { name: 'Allow 203.0.113.7' }).click()
  await page.getByText('198.51.100.7 → 198.51.100.7, 203.0.113.7').waitFor()
  await page.getByRole('button', { name: 'Save changes' }).click()
  await heading(page, 'Playground')
  await outcome(page, 'Missing scope').waitFor()
  await check(page, 'Scopes').getByRole('link', { name: 'Add contacts:read#42' }).click()
  await page.getByText('contacts:read#41 → contacts:read#41, contacts:read#42').waitFor()
  await page.getByRole('button', { name: 'Save changes' }).click()
  await outcome(page, 'Valid').waitFor()
  await expect(page.getByLabel('Path')).toHaveValue('/api/contacts/42')
  const { data } = await owner.get<{ data: { last_used_at: string | null } }>(
    `/api/api-keys/${key.id}`,
  )
  assert.equal(data.last_used_at, null, 'nothing was sent with the key')
})

test('says of a token what the gateway does, and keeps the token nowhere', async (t) => {
  const owner = await signedIn(demo.owner)
  const key = await createKey(owner, { name: named('Pasted'), scopes: ['contacts:read'] })
  const page = await openPage(t)
  const sent: { url: string; headers: Record<string, string> }[] = []
  page.on('request', (request) => sent.push({ url: request.url(), headers: request.headers() }))
  await signIn(page, demo.owner)
  await page.goto('/playground')
  await heading(page, 'Playground')
  await page.getByRole('button', { name: 'A token' }).click()
  await ask(page)
  await page.getByText('Paste a token').waitFor()
  await page.getByLabel('Token').fill(` ${key.key} `)
  for (const path of ['/api/contacts', '/api/messages', '/api/unlisted']) {
    await page.getByLabel('Path').fill(path)
    await ask(page)
    const status = await curl(key.key, path)
    const said = { '/api/contacts': 'Valid', '/api/messages': 'Missing scope' }[path]
    await outcome(page, said ?? 'Path not allowed').waitFor()
    assert.equal(status, path === '/api/contacts' ? 200 : 403)
  }
  await expect.poll(() => mark(page, 'Tag of the token')).toBe('Passed')
  const kept = await page.evaluate(() =>
    JSON.stringify([location.href, { ...localStorage }, { ...sessionStorage }, history.state]),
  )
  assert.ok(!kept.includes(key.key), kept)
  // Not even a digest, by which it could be guessed at.
  const asked = sent.filter(({ url }) => url.endsWith('/explain'))
  assert.equal(asked.length, 3)
  for (const { headers } of asked) assert.equal(headers['idempotency-key'], undefined)
  for (const { url } of sent) assert.ok(!url.includes(key.key), url)
  await page.reload()
  await heading(page, 'Playground')
  await expect(page.getByLabel('Token')).toHaveValue('')
  await expect(page.getByLabel('Path')).toHaveValue('/api/unlisted')

  await page.getByLabel('Token').fill('whm_00000000000000000000000000000000')
  await page.getByLabel('Path').fill('/api/contacts')
  await ask(page)
  await outcome(page, 'Unknown token').waitFor()
  await page.getByText('No key of this account.').first().waitFor()
  await lookEverywhere(page, 'playground-token')
  await page.setViewportSize({ width: narrow, height: 700 })
  await page.evaluate(() => scrollTo(0, 0))
  await page.getByLabel('Path').fill('/api/messages')
  await page.keyboard.press('Enter')
  await page.getByText('The fields have changed since').waitFor({ state: 'hidden' })
  const shown = await outcome(page, 'Unknown token').boundingBox()
  assert.ok(shown && shown.y > 0 && shown.y < 350, `the answer is in view: ${shown?.y}`)
})

test('by keyboard alone: a path that the gateway does not take is named at its field', async (t) => {
  const owner = await signedIn(demo.owner)
  const key = await createKey(owner, { name: named('Pressed'), scopes: [] })
  const page = await openPage(t, {}, ['status of 400'])
  await signIn(page, demo.member)
  await page.goto('/playground')
  await heading(page, 'Playground')
  await tabTo(page, page.getByRole('combobox', { name: 'Key' }))
  await page.keyboard.type(key.name)
  await chooseFound(page, key.name)
  await tabTo(page, page.getByLabel('Path'))
  await page.keyboard.type('/elsewhere')
  await page.keyboard.press('Enter')
  await page.getByText('The gateway does not take this path').first().waitFor()
  await page.keyboard.press('Control+A')
  await page.keyboard.type('/api/contacts')
  await page.keyboard.press('Enter')
  await outcome(page, 'Missing scope').waitFor()
  // A member is told what would mend it, and cannot change it.
  await check(page, 'Scopes').getByText('Add contacts:read', { exact: true }).waitFor()
  await expect(check(page, 'Scopes').getByRole('link')).toHaveCount(0)
})
