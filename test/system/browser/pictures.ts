// Takes the screenshots of the README and of docs/ again: `npm run build && node test/system/browser/pictures.ts`.
import { randomUUID } from 'node:crypto'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { root, secretOf, startEmpty } from '../../support/system/launch.ts'
import { launchChromium } from './support/chromium.ts'

const folder = join(root, 'docs', 'images')
const inDays = (days: number) => new Date(Date.now() + days * 86_400_000).toISOString()

// Oldest first: the list shows the newest first.
const keys = [
  { name: 'Legacy importer' },
  { name: 'Newsletter tool', scopes: ['broadcasts:send'], expires_at: inDays(300) },
  { name: 'Status page', scopes: [] },
  {
    name: 'Data warehouse sync',
    scopes: ['contacts:read', 'messages:read', 'conversations:read'],
    expires_at: inDays(20),
  },
  { name: 'Support desk' },
  {
    name: 'CI pipeline',
    format: 'wacrm_live',
    scopes: ['contacts:read'],
    expires_at: inDays(7),
  },
  {
    name: 'Checkout service',
    scopes: ['contacts:write', 'messages:send'],
    expires_at: inDays(90),
  },
]

const latchkey = await startEmpty()
const browser = await launchChromium()
try {
  const page = await browser.newPage({
    baseURL: latchkey.url,
    viewport: { width: 1280, height: 800 },
    extraHTTPHeaders: { origin: latchkey.url },
    reducedMotion: 'reduce',
  })
  const email = 'amara@northwind.test'
  const password = randomUUID()
  const person = { account: 'Northwind', name: 'Amara Diallo', email, password }
  await page.request.post('/api/setup', {
    data: { setup_token: secretOf('SETUP_TOKEN'), ...person },
  })
  await page.request.post('/api/auth/sign-in/email', { data: { email, password } })
  const ids: string[] = []
  const tokens: string[] = []
  for (const data of keys) {
    const made = await page.request.post('/api/api-keys', { data })
    const { id, key } = (await made.json()).data
    ids.push(id)
    tokens.push(key)
  }
  const call = (at: number, method: string, path: string) =>
    fetch(latchkey.url + path, { method, headers: { 'x-api-key': tokens[at] ?? '' } })
  for (let turn = 0; turn < 40; turn++) {
    await call(6, 'POST', '/api/messages')
    if (turn % 3 === 0) await call(5, 'GET', '/api/contacts')
    if (turn % 4 === 0) await call(3, 'GET', '/api/conversations')
    if (turn % 9 === 0) await call(1, 'POST', '/api/broadcasts')
  }
  await call(5, 'POST', '/api/contacts')
  await call(1, 'GET', '/api/messages')
  await call(2, 'GET', '/api/contacts')
  await page.request.delete(`/api/api-keys/${ids[0]}`)
  await page.request.patch(`/api/api-keys/${ids[2]}`, { data: { is_active: false } })
  await call(2, 'GET', '/api/contacts')
  // Counts are told within 20 s.
  await sleep(25_000)

  await page.goto('/keys')
  await page.getByText('40 in 7 days').waitFor()
  await page.screenshot({ path: join(folder, 'dashboard-keys.png') })

  await page.goto('/keys/new')
  await page.getByLabel('Name', { exact: true }).fill('CRM integration')
  await page.getByRole('checkbox', { name: /contacts:read/ }).click()
  await page.getByRole('button', { name: 'Create key' }).click()
  await page.getByRole('button', { name: 'I have stored it' }).waitFor()
  await page.evaluate(() => scrollTo(0, 0))
  await page.screenshot({ path: join(folder, 'dashboard-token.png'), animations: 'disabled' })
  await page.getByRole('button', { name: 'I have stored it' }).click()

  await page.goto('/requests')
  await page.getByRole('link', { name: 'Add contacts:write' }).waitFor()
  await page.screenshot({ path: join(folder, 'dashboard-requests.png') })

  await page.goto('/overview')
  await page.locator('canvas').waitFor()
  await page.getByRole('region', { name: 'Top keys' }).getByRole('row').nth(3).waitFor()
  await page.screenshot({ path: join(folder, 'dashboard-overview.png') })

  await page.goto('/playground')
  await page.getByRole('combobox', { name: 'Key' }).click()
  await page.keyboard.type('CI pipeline')
  await page.getByRole('option', { name: 'CI pipeline' }).click()
  await page.getByLabel('Path').fill('/api/messages')
  await page.keyboard.press('Enter')
  await page.getByText('Missing scope').first().waitFor()
  await page.screenshot({ path: join(folder, 'dashboard-playground.png'), animations: 'disabled' })

  const external_id = 'customer-77'
  const limits = { rate_limit: { limit: 600, window_seconds: 60 }, max_lifetime: 365 * 86_400 }
  const shared = { external_id, rate_limit: limits.rate_limit, limits_by: 'external_id' }
  const ofCustomer = [
    { name: 'Old export', scopes: ['contacts:read'], expires_at: inDays(200) },
    { name: 'Nightly export', scopes: ['contacts:read', 'messages:read'], expires_at: inDays(90) },
    { name: 'Website form', scopes: ['contacts:read'], expires_at: inDays(365) },
  ]
  for (const key of ofCustomer) {
    const made = await page.request.post('/api/api-keys', { data: { ...key, ...shared } })
    if (key.name === 'Old export')
      await page.request.delete(`/api/api-keys/${(await made.json()).data.id}`)
  }
  const opener = await page.request.post('/api/api-keys', {
    data: { name: 'Portal', scopes: ['keys:portal'], may_grant: {} },
  })
  const opened = await page.request.post('/api/v1/portal-sessions', {
    headers: { 'x-api-key': (await opener.json()).data.key },
    data: {
      ...{ external_id, limits, origin: 'https://app.example.com' },
      scopes: ['contacts:read', 'messages:read'],
    },
  })
  await page.context().setExtraHTTPHeaders({})
  await page.goto((await opened.json()).data.url)
  await page.getByRole('heading', { name: 'Website form' }).waitFor()
  await page.screenshot({ path: join(folder, 'portal-keys.png') })
} finally {
  await browser.close()
  await latchkey.stop()
}
