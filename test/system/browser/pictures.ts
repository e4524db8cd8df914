// Takes the two screenshots of the README again: `npm run build && node test/system/browser/pictures.ts`.
import { randomUUID } from 'node:crypto'
import { join } from 'node:path'
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
  for (const data of keys) {
    const made = await page.request.post('/api/api-keys', { data })
    ids.push((await made.json()).data.id)
  }
  await page.request.delete(`/api/api-keys/${ids[0]}`)
  await page.request.patch(`/api/api-keys/${ids[3]}`, { data: { is_active: false } })

  await page.goto('/keys')
  await page.getByText('whm_').first().waitFor()
  await page.screenshot({ path: join(folder, 'dashboard-keys.png') })

  await page.goto('/keys/new')
  await page.getByLabel('Name', { exact: true }).fill('CRM integration')
  await page.getByRole('checkbox', { name: /contacts:read/ }).click()
  await page.getByRole('button', { name: 'Create key' }).click()
  await page.getByRole('button', { name: 'I have stored it' }).waitFor()
  await page.evaluate(() => scrollTo(0, 0))
  await page.screenshot({ path: join(folder, 'dashboard-token.png'), animations: 'disabled' })
} finally {
  await browser.close()
  await latchkey.stop()
}
