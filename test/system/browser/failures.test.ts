// Slow and failed requests.
import { test } from 'node:test'
import { createKey, demo, signedIn } from './support/api.ts'
import { heading, openKey, openPage, signIn, submitSignIn } from './support/browser.ts'
import { expect } from './support/expect.ts'

const failedLoads = ['Failed to load resource']

test('a wrong password is refused with its reason and a request id', async (t) => {
  const page = await openPage(t, {}, failedLoads)
  await page.goto('/sign-in')
  await submitSignIn(page, demo.owner, 'not the password')
  const alert = page.getByRole('alert')
  await alert.getByText('E-mail or password is wrong').waitFor()
  await expect(alert).toHaveText(/Request ID\s+[0-9a-f-]{36}/, { useInnerText: true })
})

test('a failure of the API shows its detail and request id, and can be tried again', async (t) => {
  const page = await openPage(t, {}, failedLoads)
  await signIn(page, demo.owner)
  const requestId = '0a2c5f0e-8d2e-4c58-9d9c-6f2b4a4f3c11'
  const detail = 'Whether the credential is good is not known right now. Try again.'
  await page.route('**/api/audit-events*', (route) =>
    route.fulfill({
      status: 503,
      contentType: 'application/problem+json',
      body: JSON.stringify({
        title: 'The answer is not known right now',
        status: 503,
        detail,
        code: 'authority_unavailable',
        request_id: requestId,
      }),
    }),
  )
  await page.getByRole('link', { name: 'Audit log', exact: true }).click()
  const alert = page.getByRole('alert')
  await alert.getByText(detail).waitFor()
  await alert.getByText(requestId).waitFor()
  await page.unroute('**/api/audit-events*')
  await page.getByRole('button', { name: 'Try again' }).click()
  await alert.waitFor({ state: 'detached' })
  await page.getByRole('cell').first().waitFor()
})

test('a slow answer shows a skeleton first', async (t) => {
  const page = await openPage(t)
  await signIn(page, demo.owner)
  const { promise: released, resolve: release } = Promise.withResolvers<void>()
  await page.route('**/api/scopes', async (route) => {
    await released
    await route.continue()
  })
  await page.getByRole('link', { name: 'Scopes', exact: true }).click()
  await page.getByRole('status', { name: 'Loading scopes' }).waitFor()
  release()
  await page.getByRole('cell', { name: 'Launch broadcast campaigns' }).waitFor()
})

test('a change that some regions have not confirmed names them', async (t) => {
  const name = 'Slow regions'
  const { id, key_prefix } = await createKey(await signedIn(demo.owner), { name })
  const page = await openPage(t)
  await signIn(page, demo.owner)
  await openKey(page, name)
  await page.route(`**/api/api-keys/${id}`, async (route) => {
    if (route.request().method() !== 'DELETE') return route.continue()
    const data = { message: 'API key deleted successfully', pending_regions: ['weur', 'apac'] }
    await route.fulfill({ status: 202, json: { status: 'success', data } })
  })
  await page.getByRole('button', { name: 'Revoke', exact: true }).click()
  await page.getByLabel(/to confirm/).fill(key_prefix)
  await page.getByRole('button', { name: 'Revoke key' }).click()
  await page.getByText('weur, apac').waitFor()
})

test('an unknown key, or one of another account, has an error page', async (t) => {
  const foreign = await createKey(await signedIn(demo.globex), { name: 'Foreign', scopes: [] })
  const page = await openPage(t, {}, failedLoads)
  await signIn(page, demo.owner)
  await page.goto(`/keys/${foreign.id}`)
  await page.getByRole('alert').getByText('There is no such key in this account').waitFor()
  await page.goto('/nowhere')
  await heading(page, 'Page not found')
})

test('the sign-in page does not redirect to another site', async (t) => {
  const page = await openPage(t)
  for (const next of [
    'https://evil.example/',
    '//evil.example/',
    '/\\evil.example',
    'javascript:alert(1)',
  ]) {
    // What the page still loads would be a 401, and an error in the console.
    await page.goto('about:blank')
    await page.context().clearCookies()
    await page.goto(`/sign-in?next=${encodeURIComponent(next)}`)
    const { password } = await signedIn(demo.owner)
    await submitSignIn(page, demo.owner, password)
    await heading(page, 'API keys')
  }
})
