// The request log: what keys asked at the gateway and at verify, live, and each refusal with its mend.
import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { test } from 'node:test'
import type { Page } from 'playwright'
import { type CreatedKey, createKey, demo, type Person, signedIn } from './support/api.ts'
import { heading, openPage, row, signIn } from './support/browser.ts'
import { curl } from './support/curl.ts'
import { expect } from './support/expect.ts'
import { chooseFound, tabTo } from './support/keyboard.ts'
import { lookEverywhere } from './support/look.ts'
import { latchkey } from './support/shared.ts'

const named = (name: string) => `${name} ${randomUUID().slice(0, 8)}`
const isLive = (page: Page) => page.getByText(/^Live:/).waitFor()
const saving = (page: Page) => page.waitForRequest((request) => request.method() === 'PATCH')

async function openLog(page: Page, query: string): Promise<void> {
  await page.goto(`/requests${query}`)
  await heading(page, 'Requests')
}

async function readKey<T>(owner: Person, { id }: CreatedKey): Promise<T> {
  return (await owner.get<{ data: T }>(`/api/api-keys/${id}`)).data
}

/** As a service asks it about a client at an address. @returns the code */
async function verify(by: CreatedKey, token: string, more: object): Promise<string> {
  const response = await fetch(`${await latchkey()}/api/v1/keys/verify`, {
    method: 'POST',
    headers: { 'x-api-key': by.key, 'content-type': 'application/json' },
    body: JSON.stringify({ token, ...more }),
  })
  return ((await response.json()) as { data: { code: string } }).data.code
}

test('a refusal appears by itself, and its mend fills in what the key lacks', async (t) => {
  const owner = await signedIn(demo.owner)
  const name = named('Refused')
  const key = await createKey(owner, { name, scopes: ['contacts:read'] })
  const page = await openPage(t)
  await signIn(page, demo.owner)
  await openLog(page, `?key_id=${key.id}`)
  await isLive(page)
  await page.getByText('No requests with this key in the last 7 days.').waitFor()

  assert.equal(await curl(key.key, '/api/contacts'), 200)
  assert.equal(await curl(key.key, '/api/messages'), 403)
  const refused = row(page, 'Missing scope')
  await refused.getByText('GET /api/messages').last().waitFor()
  await row(page, 'Valid').getByText('GET /api/contacts').last().waitFor()
  await expect(refused).toHaveText(/\d ms from (memory|cache|fence|database)/, {
    useInnerText: true,
  })
  await lookEverywhere(page, 'requests')

  await refused.getByRole('link', { name: 'Add messages:read' }).click()
  await heading(page, `Edit ${name}`)
  await page.getByText('A change is filled in').waitFor()
  await page.getByText('Scopes: contacts:read → contacts:read, messages:read').waitFor()
  await expect(page.getByRole('checkbox', { name: /messages:read/ })).toBeChecked()
  await lookEverywhere(page, 'edit-key-filled')
  const [request] = await Promise.all([
    saving(page),
    page.getByRole('button', { name: 'Save changes' }).click(),
  ])
  assert.deepEqual(request.postDataJSON(), { scopes: ['contacts:read', 'messages:read'] })
  assert.match(request.headers()['if-match'] ?? '', /^"\d+"$/)
  // Back on the page that led here, which filters and follows as before.
  await heading(page, 'Requests')
  await isLive(page)
  assert.equal(new URL(page.url()).searchParams.get('key_id'), key.id)
  assert.equal(await curl(key.key, '/api/messages'), 200)
  await row(page, 'Valid').getByText('GET /api/messages').last().waitFor()
})

test('an address that a service names is allowed as the network that the log holds', async (t) => {
  const owner = await signedIn(demo.owner)
  const service = await createKey(owner, { name: named('Service'), scopes: ['keys:verify'] })
  const name = named('Bound')
  const key = await createKey(owner, { name, scopes: [], allowed_ips: ['198.51.100.7'] })
  const page = await openPage(t)
  await signIn(page, demo.owner)
  await openLog(page, `?key_id=${key.id}`)
  await isLive(page)
  assert.equal(await verify(service, key.key, { ip: '203.0.113.7' }), 'ip_not_allowed')
  const refused = row(page, 'IP address not allowed')
  await refused.getByText('The log holds the network of the client, not its address.').waitFor()
  await refused.getByText('Verified by a service').last().waitFor()
  await refused.getByRole('link', { name: 'Allow 203.0.113.0/24' }).click()
  await page.getByText('198.51.100.7 → 198.51.100.7, 203.0.113.0/24').waitFor()
  const field = page.getByLabel('Allowed IP addresses', { exact: true })
  await expect(field).toHaveValue('198.51.100.7\n203.0.113.0/24')
  await page.getByRole('button', { name: 'Save changes' }).click()
  await heading(page, 'Requests')
  const { allowed_ips } = await readKey<{ allowed_ips: string[] }>(owner, key)
  assert.deepEqual(allowed_ips, ['198.51.100.7', '203.0.113.0/24'])
  assert.equal(await verify(service, key.key, { ip: '203.0.113.99' }), 'valid')
})

test('a disabled key is enabled, and one without credits gets some, in the dialog of its page', async (t) => {
  const owner = await signedIn(demo.owner)
  const [off, poor] = [named('Off'), named('Poor')]
  const disabled = await createKey(owner, { name: off, scopes: [], is_active: false })
  const spent = await createKey(owner, { name: poor, scopes: [], credits: { remaining: 0 } })
  assert.deepEqual([await curl(disabled.key), await curl(spent.key)], [401, 429])
  const page = await openPage(t)
  await signIn(page, demo.owner)
  await openLog(page, `?key_id=${disabled.id}`)
  await row(page, 'Disabled').getByRole('link', { name: 'Enable the key' }).click()
  await page.getByRole('dialog', { name: `Enable ${off}?` }).waitFor()
  await page.getByRole('button', { name: 'Enable key' }).click()
  await heading(page, 'Requests')
  assert.equal(await curl(disabled.key), 200)

  await openLog(page, `?key_id=${spent.id}`)
  await row(page, 'Out of credits').getByRole('link', { name: 'Add credits' }).click()
  await page.getByLabel('Credits to add').fill('5')
  await page.getByRole('dialog').getByRole('button', { name: 'Add credits' }).click()
  await heading(page, 'Requests')
  assert.equal(await curl(spent.key), 200)
})

test('by keyboard alone: filter, pause, and mend a refusal', async (t) => {
  const owner = await signedIn(demo.owner)
  const name = named('Typed')
  const key = await createKey(owner, { name, scopes: ['contacts:read'] })
  assert.equal(await curl(key.key, '/api/contacts'), 200)
  assert.equal(await curl(key.key, '/api/conversations'), 403)
  const page = await openPage(t)
  await signIn(page, demo.owner)
  await openLog(page, '')
  const press = (keyName: string) => page.keyboard.press(keyName)
  await tabTo(page, page.getByRole('combobox', { name: 'Outcome' }))
  await press('Enter')
  await page.getByRole('option', { name: 'Missing scope' }).waitFor()
  await page.keyboard.type('Missing')
  await press('Enter')
  await page.waitForURL(/code=insufficient_scope/)
  await tabTo(page, page.getByRole('combobox', { name: 'Key' }))
  await page.keyboard.type(name)
  await chooseFound(page, name)
  await page.waitForURL((url) => url.searchParams.get('key_id') === key.id)
  // While the list is read, the one before it stays, which has refusals of other keys.
  const mend = page
    .getByRole('link', { name: 'Add conversations:read' })
    .and(page.locator(`[href*="${key.id}"]`))
  await mend.waitFor()
  await tabTo(page, page.getByRole('button', { name: 'Pause' }))
  await press('Enter')
  await page.getByText(/^Paused, as of \d/).waitFor()
  await expect(page.getByRole('row'), 'one refusal, and nothing that passed').toHaveCount(2)
  await tabTo(page, mend)
  await press('Enter')
  await heading(page, `Edit ${name}`)
  await tabTo(page, page.getByRole('button', { name: 'Save changes' }))
  await press('Enter')
  await heading(page, 'Requests')
  await page.getByText(/^Paused/).waitFor()
  const { scopes } = await readKey<{ scopes: string[] }>(owner, key)
  assert.deepEqual(scopes, ['contacts:read', 'conversations:read'])
})

test('follows anew after the server ended it, stops while hidden, and never looks live when it is not', async (t) => {
  const owner = await signedIn(demo.owner)
  const key = await createKey(owner, { name: named('Followed'), scopes: [] })
  const page = await openPage(t, {}, ['net::ERR', 'status of 503'])
  await signIn(page, demo.owner)
  let asked = 0
  const atStream = /\/api\/requests\?.*follow=true/
  page.on('request', (request) => {
    if (atStream.test(request.url())) asked++
  })
  await openLog(page, `?key_id=${key.id}`)
  await isLive(page)
  assert.equal(asked, 1)

  await show(page, 'hidden')
  await page.getByText('Stopped while this tab is hidden').waitFor()
  assert.equal(await curl(key.key), 200)
  await show(page, 'visible')
  await isLive(page)
  assert.equal(asked, 2)
  await row(page, 'Valid').waitFor()

  await page.route(atStream, (route) => route.abort('connectionreset'))
  await show(page, 'hidden')
  await show(page, 'visible')
  await page.getByText(/^Not live, as of \d.*the connection broke off/).waitFor()
  await page.unroute(atStream)
  await isLive(page)

  // As the server ends it after five minutes.
  let ended = 0
  await page.route(atStream, (route) => {
    if (ended++ > 0) return route.continue()
    return route.fulfill({
      contentType: 'text/event-stream',
      body: 'event: open\ndata: \n\nevent: end\ndata: \n\n',
    })
  })
  await show(page, 'hidden')
  await show(page, 'visible')
  await page.waitForRequest(atStream)
  await isLive(page)
  assert.ok(ended >= 2)
})

/** As if the person looked at another tab, or came back. */
async function show(page: Page, state: 'hidden' | 'visible'): Promise<void> {
  await page.evaluate((visibilityState) => {
    Object.defineProperty(document, 'visibilityState', {
      value: visibilityState,
      configurable: true,
    })
    document.dispatchEvent(new Event('visibilitychange'))
  }, state)
}

test('a member sees neither the log nor a link to it', async (t) => {
  const page = await openPage(t)
  await signIn(page, demo.member)
  const navigation = page.getByRole('navigation', { name: 'Settings' })
  await navigation.getByRole('link', { name: 'Webhooks' }).waitFor()
  await expect(navigation.getByRole('link', { name: 'Requests' })).toHaveCount(0)
  await openLog(page, '')
  await page.getByText('Only owners and admins see the requests of an account.').waitFor()
})
