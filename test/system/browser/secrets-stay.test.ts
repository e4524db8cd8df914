// What is shown once is not lost: by going back, by a session that ends, by another tab, or by an answer that does not arrive.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Page, Route } from 'playwright'
import { createKey, demo, signedIn } from './support/api.ts'
import { heading, openKey, openPage, signIn } from './support/browser.ts'
import { curl } from './support/curl.ts'
import { expect } from './support/expect.ts'
import { lookEverywhere } from './support/look.ts'

const dialogOf = (page: Page, name: string | RegExp) => page.getByRole('dialog', { name })

async function fillKey(page: Page, name: string): Promise<void> {
  await page.getByRole('button', { name: 'Create API key' }).first().click()
  await page.getByLabel('Name', { exact: true }).fill(name)
  await page.getByRole('radio', { name: /No scopes/ }).click()
}

const submit = (page: Page) => page.getByRole('button', { name: 'Create key' }).click()

const tokenShown = async (page: Page) =>
  dialogOf(page, /^Store the token/)
    .locator('pre')
    .first()
    .innerText()

/** The server executes the request, and its answer is cut: as often as `times` says. */
async function loseAnswers(page: Page, url: string, times = 1): Promise<() => number> {
  let lost = 0
  const cut = async (route: Route) => {
    if (route.request().method() !== 'POST' || lost >= times) return route.fallback()
    lost++
    await route.fetch()
    await route.abort('connectionreset')
  }
  await page.route(url, cut)
  return () => lost
}

test('going back, also twice, does not take a token away, and the list knows the key at once', async (t) => {
  const page = await openPage(t)
  await signIn(page, demo.owner)
  await page.getByRole('link', { name: 'Scopes', exact: true }).click()
  await page.getByRole('link', { name: 'API keys', exact: true }).first().click()
  await heading(page, 'API keys')
  await fillKey(page, 'Not left behind')
  await submit(page)
  const token = await tokenShown(page)
  const address = page.url()
  for (const where of ['one page', 'another']) {
    await page.evaluate(() => history.back())
    await page.getByRole('alert').getByText('Not yet: it is gone once you leave.').waitFor()
    await expect.poll(() => tokenShown(page), { message: where }).toBe(token)
    await expect(page, where).toHaveURL(address)
  }
  await page.evaluate(() => history.go(-2))
  await page.waitForFunction((url) => location.href === url, address)
  await expect.poll(() => tokenShown(page), { message: 'two pages at once' }).toBe(token)
  await lookEverywhere(page, 'token-held')

  await page.getByRole('button', { name: 'I have stored it' }).click()
  await heading(page, 'Not left behind')
  await page.getByRole('link', { name: 'API keys', exact: true }).first().click()
  await page.getByRole('link', { name: 'Not left behind', exact: true }).waitFor()
})

test('the browser asks before a page with a token is loaded anew', async (t) => {
  const page = await openPage(t)
  await signIn(page, demo.owner)
  await fillKey(page, 'Asked about')
  await submit(page)
  const token = await tokenShown(page)
  const asked = page.waitForEvent('dialog')
  const reload = page.reload({ timeout: 5_000 }).catch(() => null)
  const prompt = await asked
  assert.equal(prompt.type(), 'beforeunload')
  await prompt.dismiss()
  await reload
  await expect.poll(() => tokenShown(page)).toBe(token)
})

test('an answer that is lost makes no second key: its token is replaced in one click', async (t) => {
  const page = await openPage(t, {}, ['net::ERR', 'status of 409'])
  await signIn(page, demo.owner)
  const name = 'Answer was lost'
  await fillKey(page, name)
  const lost = await loseAnswers(page, '**/api/api-keys')
  await submit(page)
  const dialog = dialogOf(page, 'The key was made, its token was lost')
  await dialog.waitFor()
  assert.equal(lost(), 1)
  await lookEverywhere(page, 'token-lost')
  await dialog.getByRole('button', { name: 'Make a new token' }).click()
  await page.getByText('The token that was lost no longer works.').waitFor()
  const token = await tokenShown(page)
  assert.equal(await curl(token), 200)
  await page.getByRole('button', { name: 'I have stored it' }).click()
  await heading(page, name)
  const { data } = await (await signedIn(demo.owner)).get<{ data: { status: string }[] }>(
    `/api/api-keys?search=${encodeURIComponent(name)}&status=active`,
  )
  assert.equal(data.length, 1)
})

test('an answer that is lost twice is known after a reload: the form is as it was, and makes no second key', async (t) => {
  const page = await openPage(t, {}, ['net::ERR', 'status of 409'])
  await signIn(page, demo.owner)
  const name = 'Lost twice'
  await fillKey(page, name)
  const lost = await loseAnswers(page, '**/api/api-keys', 2)
  await submit(page)
  await page.getByRole('alert').getByText('No answer arrived').waitFor()
  assert.equal(lost(), 2)
  await page.reload()
  await page.getByText('This is what you had entered before.').waitFor()
  await expect(page.getByLabel('Name', { exact: true })).toHaveValue(name)
  await lookEverywhere(page, 'key-form-restored')
  await submit(page)
  const dialog = dialogOf(page, 'The key was made, its token was lost')
  await dialog.getByRole('button', { name: 'Open the key' }).click()
  await heading(page, name)
})

test('a rotation whose answer is lost, and its replacement too, ends with one working token', async (t) => {
  const name = 'Rotated in a tunnel'
  const { key: old } = await createKey(await signedIn(demo.owner), { name, scopes: [] })
  const page = await openPage(t, {}, ['net::ERR', 'status of 409'])
  await signIn(page, demo.owner)
  await openKey(page, name)
  const lost = await loseAnswers(page, '**/api/api-keys/*/rotate', 1)
  await page.getByRole('button', { name: 'Rotate' }).click()
  await page.getByRole('button', { name: 'Create new token' }).click()
  const dialog = dialogOf(page, 'The key was made, its token was lost')
  await dialog.waitFor()
  assert.equal(lost(), 1)
  await loseAnswers(page, '**/api/api-keys/*/rotate', 1)
  await dialog.getByRole('button', { name: 'Make a new token' }).click()
  await dialog.getByText('was lost on its way, too').waitFor()
  await dialog.getByRole('button', { name: 'Make a new token' }).click()
  const token = await tokenShown(page)
  assert.deepEqual(await Promise.all([curl(token), curl(old)]), [200, 200])
})

test('an endpoint whose answer is lost is made once, and gets another secret', async (t) => {
  const page = await openPage(t, {}, ['net::ERR', 'status of 409'])
  await signIn(page, demo.owner)
  await page.getByRole('link', { name: 'Webhooks', exact: true }).click()
  await page.getByRole('button', { name: 'Add endpoint' }).first().click()
  const url = 'https://example.com/lost-secret'
  await page.getByLabel('URL').fill(url)
  await loseAnswers(page, '**/api/webhook-endpoints')
  await dialogOf(page, 'Add endpoint').getByRole('button', { name: 'Add endpoint' }).click()
  const dialog = dialogOf(page, 'The endpoint is there, its secret was lost')
  await dialog.waitFor()
  await lookEverywhere(page, 'secret-lost')
  await dialog.getByRole('button', { name: 'Make a new secret' }).click()
  await dialogOf(page, 'Store the signing secret')
    .getByText(/^whsec_/)
    .waitFor()
  await page.getByRole('button', { name: 'I have stored it' }).click()
  const { data } = await (await signedIn(demo.owner)).get<{ data: { url: string }[] }>(
    '/api/webhook-endpoints?limit=100',
  )
  assert.equal(data.filter((endpoint) => endpoint.url === url).length, 1)
})

test('credits whose answer is lost are added once', async (t) => {
  const name = 'Credits in a tunnel'
  const { id } = await createKey(await signedIn(demo.owner), {
    name,
    scopes: [],
    credits: { remaining: 10 },
  })
  const page = await openPage(t, {}, ['net::ERR', 'status of 409'])
  await signIn(page, demo.owner)
  await openKey(page, name)
  await page.getByRole('button', { name: 'Add credits' }).click()
  await page.getByLabel('Credits to add').fill('5')
  const lost = await loseAnswers(page, '**/credits')
  await dialogOf(page, /Add credits/)
    .getByRole('button', { name: 'Add credits' })
    .click()
  await page.getByText('5 credits added').waitFor()
  assert.equal(lost(), 1)
  const { data } = await (await signedIn(demo.owner)).get<{
    data: { credits: { remaining: number } }
  }>(`/api/api-keys/${id}`)
  assert.equal(data.credits.remaining, 15)
})
