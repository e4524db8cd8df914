// The app of a SaaS on another origin: its customers reach their keys with one click.
import { randomUUID } from 'node:crypto'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { TestContext } from 'node:test'
import type { Page } from 'playwright'
import { ownAccount } from './account.ts'
import { type CreatedKey, createKey, type Person } from './api.ts'
import { heading } from './browser.ts'
import { latchkey } from './shared.ts'

export type Host = {
  origin: string
  owner: Person
  /** The key that opens sessions. */
  opener: CreatedKey
  customer: string
  /** What the next sessions are opened with, beside their customer and origin. */
  session: Record<string, unknown>
  /** The link of a new session. */
  open: () => Promise<string>
  /** The `Referer` of each request that this server got. */
  referrers: (string | undefined)[]
}

export async function startHost(t: TestContext, session: Record<string, unknown> = {}) {
  const url = await latchkey()
  const owner = await ownAccount('Portal')
  const opener = await createKey(owner, {
    ...{ name: 'Opens the portal', scopes: ['keys:portal'], may_grant: {} },
  })
  const referrers: Host['referrers'] = []
  const server = createServer(async (request, response) => {
    referrers.push(request.headers.referer)
    if (request.method === 'POST') return response.writeHead(303, { location: await open() }).end()
    const body = request.url === '/framed' ? `<iframe src="${url}/portal"></iframe>` : button
    response.writeHead(200, { 'content-type': 'text/html' }).end(head + body)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.after(() => {
    server.closeAllConnections()
    server.close()
  })
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const customer = `customer-${randomUUID().slice(0, 8)}`
  const host: Host = { origin, owner, opener, customer, session, referrers, open }
  return host

  async function open(): Promise<string> {
    const response = await fetch(`${url}/api/v1/portal-sessions`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'x-api-key': opener.key },
      body: JSON.stringify({
        external_id: customer,
        scopes: ['contacts:read', 'messages:read'],
        limits: { rate_limit: { limit: 100, window_seconds: 60 }, max_lifetime: 365 * 86_400 },
        origin,
        ...host.session,
      }),
    })
    if (!response.ok) throw new Error(`No session: ${response.status} ${await response.text()}`)
    return ((await response.json()) as { data: { url: string } }).data.url
  }
}

/** Without an icon, which the browser would ask for after the test. */
const head = '<title>Host</title><link rel="icon" href="data:,">'
const button = '<form method="post" action="/keys"><button>Manage API keys</button></form>'

/** By the host's button, as a customer. */
export async function enterPortal(page: Page, host: Host): Promise<void> {
  await page.goto(host.origin)
  await page.getByRole('button', { name: 'Manage API keys' }).click()
  await heading(page, 'API keys')
}

export const createButton = (page: Page) => page.getByRole('button', { name: 'Create key' }).first()

/** Fills in the form, and sends it. */
export async function sendNewKey(page: Page, name: string): Promise<void> {
  await createButton(page).click()
  const dialog = page.getByRole('dialog', { name: 'Create a key' })
  await dialog.getByLabel('Name').fill(name)
  await dialog.getByRole('checkbox', { name: /contacts:read/ }).check()
  await dialog.getByRole('button', { name: 'Create key' }).click()
}

/** The token that is shown, which the customer then stores. */
export async function storeToken(page: Page, name: string): Promise<string> {
  const dialog = page.getByRole('dialog', { name: `The token of ${name}` })
  const token = await dialog.locator('code').innerText()
  await dialog.getByRole('button', { name: 'I have stored it' }).click()
  await dialog.waitFor({ state: 'detached' })
  return token
}

export const card = (page: Page, name: string) =>
  page.getByRole('listitem').filter({ has: page.getByRole('heading', { name, exact: true }) })
