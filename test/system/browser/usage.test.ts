// The usage of a key on its page.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createKey, demo, signedIn, waitForUsage } from './support/api.ts'
import { detail, openKey, openPage, row, signIn } from './support/browser.ts'
import { curl } from './support/curl.ts'
import { expect } from './support/expect.ts'

test('the page of a key shows its requests by result and its last use', async (t) => {
  const name = 'Counted'
  const owner = await signedIn(demo.owner)
  const { id, key } = await createKey(owner, { name, scopes: ['contacts:read'] })
  const page = await openPage(t)
  await signIn(page, demo.owner)
  await openKey(page, name)
  await page.getByText('No requests in the last 24 hours').waitFor()
  await expect(detail(page, 'Last used')).toHaveText('Never', { useInnerText: true })
  await expect(page.locator('canvas'), 'no chart without requests').toHaveCount(0)

  for (let turn = 0; turn < 5; turn++) assert.equal(await curl(key, '/api/contacts'), 200)
  for (let turn = 0; turn < 2; turn++) assert.equal(await curl(key, '/api/messages'), 403)
  await waitForUsage(owner, id, 7)
  await page.reload()
  await page.locator('canvas').waitFor()
  await expect(detail(page, 'Requests')).toHaveText('7', { useInnerText: true })
  await expect(detail(page, 'Valid')).toHaveText('5', { useInnerText: true })
  await expect(detail(page, 'Denied')).toHaveText('2', { useInnerText: true })
  const reasons = page.getByRole('list', { name: 'Denied by reason' })
  await expect(reasons).toHaveText(/^Missing scope\s+2$/, { useInnerText: true })
  await expect(detail(page, 'Last used')).toHaveText(/just now|minute/, { useInnerText: true })

  await page.getByRole('button', { name: '30 d', exact: true }).click()
  await page.getByText('Requests in the last 30 days').waitFor()
  await page.getByRole('button', { name: 'View as table' }).click()
  const numbers = page.getByRole('region', { name: 'Requests by time and result' })
  await numbers.getByRole('columnheader', { name: 'Day (UTC)' }).waitFor()
  const cells = await numbers.getByRole('row').nth(1).getByRole('cell').allInnerTexts()
  assert.deepEqual(cells.slice(1), ['7', '5', '2'])

  await page.goto('/keys?search=Counted')
  await row(page, name)
    .getByText(/just now|minute/)
    .last()
    .waitFor()
})

test('slow usage shows a loading state, and failed usage can be retried', async (t) => {
  const name = 'Uncounted'
  const { id } = await createKey(await signedIn(demo.owner), { name, scopes: [] })
  const page = await openPage(t, {}, ['Failed to load resource'])
  await signIn(page, demo.owner)
  const { promise: released, resolve: release } = Promise.withResolvers<void>()
  const detail = 'A store did not answer.'
  await page.route(`**/api/api-keys/${id}/usage*`, async (route) => {
    await released
    const problem = {
      title: 'Not known',
      status: 503,
      detail,
      code: 'authority_unavailable',
      request_id: '',
    }
    await route.fulfill({
      status: 503,
      contentType: 'application/problem+json',
      body: JSON.stringify(problem),
    })
  })
  await openKey(page, name)
  await page.getByRole('status', { name: 'Loading usage' }).waitFor()
  release()
  await page.getByRole('alert').getByText(detail).waitFor()
  await page.unroute(`**/api/api-keys/${id}/usage*`)
  await page.getByRole('button', { name: 'Try again' }).click()
  await page.getByText('No requests in the last 24 hours').waitFor()
})
