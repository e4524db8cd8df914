// Every page, wide and narrow, in both themes: axe finds no serious violation, nothing scrolls sideways, and a
// screenshot is taken (.screenshots/).
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Page } from 'playwright'
import { startReceiver } from '../webhooks/receiver.ts'
import {
  createKey,
  demo,
  inviteMember,
  type Person,
  signedIn,
  waitForUsage,
} from './support/api.ts'
import { heading, narrow, openPage, signIn, wide } from './support/browser.ts'
import { curl } from './support/curl.ts'
import { inspect, look } from './support/look.ts'

type Stop = { name: string; visit: (page: Page, seeded: Seeded) => Promise<void> }

type Seeded = { keyId: string; invitationId: string; endpointId: string }
let seeding: Promise<Seeded> | null = null

/** The data that the pages show, created once. */
function seeded(): Promise<Seeded> {
  seeding ??= seed()
  return seeding
}

async function seed(): Promise<Seeded> {
  const owner = await signedIn(demo.owner)
  const admin = await signedIn(demo.admin)
  const inDays = (days: number) => new Date(Date.now() + days * 86_400_000).toISOString()
  await createKey(owner, {
    name: 'Nightly export',
    scopes: ['contacts:*', 'messages:read', 'conversations:read'],
    expires_at: inDays(20),
  })
  await createKey(admin, { name: 'Support desk' })
  await createKey(owner, {
    name: 'Status page',
    scopes: ['contacts:read#7f0c9a52-4a8e-4d0c-9a55-6a1d0f6f6a01'],
    format: 'wacrm_test',
    external_id: 'customer-1043',
  })
  const newsletter = await createKey(owner, {
    name: 'Newsletter campaign tool with a name that is rather long',
    scopes: ['broadcasts:send'],
    expires_at: inDays(300),
  })
  const key = await createKey(owner, {
    name: 'Checkout service',
    scopes: ['contacts:read', 'contacts:write', 'messages:send'],
    allowed_ips: ['203.0.113.0/24', '127.0.0.1', '::1'],
    external_id: 'customer-1042',
    expires_at: inDays(90),
    rate_limit: [
      { limit: 1_000, window_seconds: 60 },
      { limit: 50_000, window_seconds: 86_400, name: 'daily' },
    ],
    credits: { remaining: 12_500, refill: { interval: 'monthly', amount: 20_000, day: 1 } },
    limits_by: 'external_id',
  })
  for (let turn = 0; turn < 6; turn++) await curl(key.key, '/api/contacts')
  for (let turn = 0; turn < 2; turn++) await curl(key.key, '/api/conversations')
  await owner.post('/api/api-keys/revoke', { ids: [newsletter.id] })
  await inviteMember(owner, 'member', 'Lena Hoffmann')
  const invitation = await owner.post<{ id: string }>('/api/auth/organization/invite-member', {
    email: 'new.colleague@acme.test',
    role: 'member',
  })
  await waitForUsage(owner, key.id, 8)
  return { keyId: key.id, invitationId: invitation.id, endpointId: await seedEndpoints(owner) }
}

/** An endpoint that accepted a test event, and one whose port is closed. */
async function seedEndpoints(owner: Person): Promise<string> {
  const receiver = await startReceiver()
  const ids: string[] = []
  // Events that no other test causes, so that no other deliveries displace these from the first page.
  const drafts = [
    {
      url: `${receiver.origin}/webhooks/latchkey`,
      description: 'Keeps the CRM informed',
      events: ['key.leaked'],
    },
    { url: 'http://localhost:1/closed', events: ['key.leaked', 'key.expiring'] },
  ]
  for (const draft of drafts) {
    const { data } = await owner.post<{ data: { id: string } }>('/api/webhook-endpoints', draft)
    await owner.post(`/api/webhook-endpoints/${data.id}/test`, {})
    ids.push(data.id)
  }
  while (receiver.arrivals.length === 0) await sleep(50)
  await receiver.stop()
  const [first = ''] = ids
  await owner.post(`/api/webhook-endpoints/${first}/test`, {})
  return first
}

const publicPages: Stop[] = [
  { name: 'sign-in', visit: (page) => at(page, '/sign-in', 'Sign in') },
  {
    name: 'sign-in-factor',
    visit: (page) =>
      at(page, '/sign-in?awaits_factor=totp,recovery_code,passkey', 'Confirm it is you'),
  },
  {
    name: 'forgot-password',
    visit: (page) => at(page, '/forgot-password', 'Forgot your password?'),
  },
  {
    name: 'reset-password',
    visit: (page) => at(page, '/reset-password#token', 'Set a new password'),
  },
  {
    name: 'reset-password-incomplete',
    visit: (page) => at(page, '/reset-password', 'This link is not complete'),
  },
  {
    name: 'invitation',
    visit: (page, { invitationId }) => at(page, `/invitations/${invitationId}`, 'Join Acme Inc'),
  },
]

const accountPages: Stop[] = [
  {
    name: 'overview',
    async visit(page) {
      await at(page, '/overview', 'Overview')
      await page.locator('canvas').waitFor()
    },
  },
  { name: 'keys', visit: (page) => at(page, '/keys', 'API keys') },
  {
    name: 'keys-no-match',
    async visit(page) {
      await at(page, '/keys?search=zzzz', 'API keys')
      await page.getByText('No matching keys').waitFor()
    },
  },
  { name: 'new-key', visit: newKey },
  {
    name: 'key',
    async visit(page, { keyId }) {
      await at(page, `/keys/${keyId}`, 'Checkout service')
      const chart = page.locator('canvas')
      await chart.hover()
      await page.getByRole('button', { name: '7 d', exact: true }).click()
      await chart.hover({ position: { x: 90, y: 90 } })
      await page.getByRole('button', { name: '24 h', exact: true }).click()
      await page.getByText('Created', { exact: true }).hover()
      await page.getByRole('button', { name: 'View as table' }).click()
      await page.getByRole('columnheader', { name: 'Missing scope' }).waitFor()
    },
  },
  {
    name: 'edit-key',
    async visit(page, { keyId }) {
      await at(page, `/keys/${keyId}/edit`, 'Edit Checkout service')
      await page.getByText('contacts:write').waitFor()
    },
  },
  {
    name: 'edit-key-proposed',
    async visit(page, { keyId }) {
      const change = 'add_scope=messages:read&allow=198.51.100.0/24&expires=30&limits_times=2'
      await at(page, `/keys/${keyId}/edit?${change}`, 'Edit Checkout service')
      await page.getByText('A change is filled in').waitFor()
    },
  },
  {
    name: 'request-log',
    async visit(page) {
      await at(page, '/requests', 'Requests')
      await page.getByText(/^Live:/).waitFor()
    },
  },
  {
    name: 'request-log-empty',
    async visit(page) {
      await at(page, '/requests?code=conflict&live=off', 'Requests')
      await page.getByText('No such requests in the last 7 days.').waitFor()
    },
  },
  {
    name: 'playground-key',
    async visit(page, { keyId }) {
      await at(page, `/playground?key_id=${keyId}&path=/api/messages/42`, 'Playground')
      await page.getByRole('list', { name: 'Checks' }).waitFor()
    },
  },
  {
    name: 'revoke',
    async visit(page, { keyId }) {
      await at(page, `/keys/${keyId}`, 'Checkout service')
      await page.getByRole('button', { name: 'Revoke', exact: true }).click()
      await page.getByRole('dialog').waitFor()
    },
  },
  {
    name: 'rotate',
    async visit(page, { keyId }) {
      await at(page, `/keys/${keyId}`, 'Checkout service')
      await page.getByRole('button', { name: 'Rotate' }).click()
      await page.getByRole('dialog').waitFor()
    },
  },
  { name: 'webhooks', visit: (page) => at(page, '/webhooks', 'Webhooks') },
  {
    name: 'webhook',
    async visit(page, { endpointId }) {
      await at(page, `/webhooks/${endpointId}`, 'Keeps the CRM informed')
      await page.getByText('Failed', { exact: true }).first().waitFor()
    },
  },
  {
    name: 'webhook-delivery',
    async visit(page, { endpointId }) {
      await at(page, `/webhooks/${endpointId}`, 'Keeps the CRM informed')
      await page.getByRole('button', { name: 'View ping' }).last().click()
      await page.getByText('"endpoint_id"').waitFor()
    },
  },
  {
    name: 'add-webhook',
    async visit(page) {
      await at(page, '/webhooks', 'Webhooks')
      await page.getByRole('button', { name: 'Add endpoint' }).click()
      await page.getByRole('radio', { name: 'Selected events' }).click()
      await page.getByRole('checkbox', { name: 'key.leaked' }).click()
    },
  },
  {
    name: 'add-credits',
    async visit(page, { keyId }) {
      await at(page, `/keys/${keyId}`, 'Checkout service')
      await page.getByRole('button', { name: 'Add credits' }).click()
      await page.getByRole('dialog').waitFor()
    },
  },
  { name: 'members', visit: (page) => at(page, '/members', 'Members') },
  {
    name: 'invite',
    async visit(page) {
      await at(page, '/members', 'Members')
      await page.getByRole('button', { name: 'Invite' }).click()
      await page.getByRole('dialog').waitFor()
    },
  },
  {
    name: 'remove-member',
    async visit(page) {
      await at(page, '/members', 'Members')
      await page.getByRole('button', { name: 'Actions for Daniel Okafor' }).click()
      await page.getByRole('menuitem', { name: 'Remove…' }).click()
      await page.getByRole('list', { name: 'Effect on keys' }).waitFor()
    },
  },
  {
    name: 'reset-link',
    async visit(page) {
      await at(page, '/members', 'Members')
      await page.getByRole('button', { name: 'Actions for Daniel Okafor' }).click()
      await page.getByRole('menuitem', { name: 'Make a reset link…' }).click()
      await page.getByRole('dialog').waitFor()
    },
  },
  { name: 'profile', visit: (page) => at(page, '/profile', 'Profile') },
  {
    name: 'account',
    async visit(page) {
      await at(page, '/account', 'Account')
      await page.getByRole('switch', { name: 'Require a second factor' }).waitFor()
    },
  },
  { name: 'audit-log', visit: (page) => at(page, '/audit-log', 'Audit log') },
  { name: 'scopes', visit: (page) => at(page, '/scopes', 'Scopes') },
  { name: 'not-found', visit: (page) => at(page, '/nowhere', 'Page not found') },
]

for (const width of [wide, narrow]) {
  test(`every page is accessible and fits: ${width} px`, async (t) => {
    const page = await openPage(t, { width })
    for (const stop of publicPages) await examine(page, stop)
    await signIn(page, demo.owner)
    for (const stop of accountPages) await examine(page, stop)
    await examineToken(page)
    if (width === narrow) await examineNavigation(page)
  })
}

test('a member’s pages are accessible', async (t) => {
  const page = await openPage(t)
  await signIn(page, demo.member)
  await at(page, '/keys', 'API keys')
  await inspect(page, 'member-keys', `light-${wide}`)
})

test('the theme follows the system until one is selected', async (t) => {
  const page = await openPage(t, { theme: 'dark' })
  await signIn(page, demo.owner)
  await untilTheme(page, 'dark')
  await page.getByRole('button', { name: 'Light', exact: true }).click()
  await untilTheme(page, 'light')
  await page.reload()
  await untilTheme(page, 'light')
  await page.getByRole('button', { name: 'System', exact: true }).click()
  await untilTheme(page, 'dark')
  await page.emulateMedia({ colorScheme: 'light' })
  await untilTheme(page, 'light')
})

async function untilTheme(page: Page, theme: string): Promise<void> {
  await page.waitForFunction((wanted) => document.documentElement.dataset.mode === wanted, theme)
}

async function at(page: Page, path: string, title: string): Promise<void> {
  await page.goto(path)
  await heading(page, title)
  await settled(page)
}

/** No loading state is left. */
async function settled(page: Page): Promise<void> {
  await page.waitForFunction(() => !document.querySelector('[role=status][aria-label^=Loading]'))
}

async function newKey(page: Page): Promise<void> {
  await at(page, '/keys/new', 'Create API key')
  await page.getByLabel('Name', { exact: true }).fill('CRM integration')
  await page.getByRole('checkbox', { name: /contacts:read/ }).click()
  await page.getByRole('combobox', { name: 'Resources of contacts:read' }).click()
  await page.getByRole('option', { name: 'Only certain IDs' }).click()
  await page.getByLabel('IDs of contacts:read').fill('42\n43')
  await page.getByRole('checkbox', { name: /^messages:\*/ }).click()
  await page.getByRole('button', { name: 'Rate limits and credits' }).click()
  await page.getByRole('button', { name: 'Add rate limit' }).click()
  await page.getByRole('checkbox', { name: 'Requests consume credits' }).click()
  await page.getByLabel('Initial credits').fill('5000')
  await page.getByRole('button', { name: 'External ID, addresses, metadata' }).click()
}

async function examineToken(page: Page): Promise<void> {
  // As the stop before left it.
  await at(page, '/keys/new', 'Create API key')
  await page.getByText('This is what you had entered before.').waitFor()
  await page.getByRole('button', { name: 'Create key' }).click()
  await page.getByRole('button', { name: 'I have stored it' }).waitFor()
  await lookThere(page, 'token')
  await page.getByRole('button', { name: 'I have stored it' }).click()
  await heading(page, 'CRM integration')
}

async function examineNavigation(page: Page): Promise<void> {
  await page.getByRole('button', { name: 'Open navigation' }).click()
  await page.getByRole('link', { name: 'Members', exact: true }).waitFor()
  await lookThere(page, 'navigation')
  await page.getByRole('link', { name: 'Members', exact: true }).click()
  await heading(page, 'Members')
  await page.getByRole('link', { name: 'Members', exact: true }).waitFor({ state: 'hidden' })
}

async function examine(page: Page, { name, visit }: Stop): Promise<void> {
  await visit(page, await seeded())
  await lookThere(page, name)
}

/** In both themes, at the width at which it was brought about. */
const lookThere = (page: Page, name: string) =>
  look(page, name, [page.viewportSize()?.width ?? wide])
