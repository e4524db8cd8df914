// Signing in with an OpenID provider: strangers, people who are invited, people who are linked, and second factors.
import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, type TestContext, test } from 'node:test'
import { Secret, TOTP } from 'otpauth'
import type { Page } from 'playwright'
import { freePort } from '../../../scripts/free-port.ts'
import { root, type Server, secretOf, startLatchkey } from '../../support/system/launch.ts'
import { removeFolder } from '../../support/system/remove-folder.ts'
import { demo } from './support/api.ts'
import { assertAccessible } from './support/axe.ts'
import { heading, openPage, submitSignIn } from './support/browser.ts'
import { client, type LocalIssuer, logIn, startIssuer } from './support/issuer.ts'

const domain = `${randomUUID().slice(0, 8)}.test`
const emailOf = (login: string) => `${login}@${domain}`
const folder = join(root, 'dist', `test-sign-in-${process.pid}`)
let issuer: LocalIssuer
let server: Server

before(async () => {
  const [port, ofIssuer] = [await freePort(), await freePort()]
  const callback = `http://localhost:${port}/api/auth/callback/local`
  issuer = await startIssuer(ofIssuer, callback, (login) => ({
    ...{ email: emailOf(login), email_verified: true, name: `Name of ${login}` },
  }))
  server = await startLatchkey({ port, configFile: writeConfig(issuer.issuer) })
})
after(async () => {
  await server?.stop()
  await issuer?.stop()
  removeFolder(folder)
})

function writeConfig(issuer: string): string {
  const oidc = `{ id: 'local', name: 'Local', issuer: '${issuer}', clientId: '${client.id}', clientSecret: () => '${client.secret}' }`
  const file = join(folder, 'latchkey.config.ts')
  mkdirSync(folder, { recursive: true })
  writeFileSync(
    file,
    `import config from '../../test/support/latchkey.config.ts'
import { signInWith } from '../../src/core/sign-in.ts'
export default { ...config, signIn: signInWith({ oidc: [${oidc}] }) }
`,
  )
  return file
}

const withLocal = (page: Page) => page.getByRole('button', { name: 'Sign in with Local' })

async function signInHere(page: Page, email: string): Promise<void> {
  await page.goto(`${server.url}/sign-in`)
  await submitSignIn(page, email, secretOf('DEMO_PASSWORD'))
  await heading(page, 'API keys')
}

/** By the session of the page. */
async function post<T>(page: Page, path: string, data: object): Promise<T> {
  const headers = { origin: server.url }
  const response = await page.request.post(server.url + path, { headers, data })
  assert.equal(response.status(), 200, await response.text())
  return (await response.json()) as T
}

/** Errors of the pages of the provider, which has no icon. */
const ofIssuer = ['127.0.0.1']

/** A page that visits the provider, whose pages ask for a font of the internet. */
async function openVisitor(t: TestContext, expected: readonly string[] = []): Promise<Page> {
  const page = await openPage(t, {}, [...ofIssuer, ...expected])
  const noFont = { contentType: 'text/css', body: '' }
  await page.route('https://fonts.googleapis.com/**', (route) => route.fulfill(noFont))
  return page
}

test('a stranger is told to ask for an invitation, or to link', async (t) => {
  const page = await openVisitor(t)
  await page.goto(`${server.url}/sign-in`)
  await withLocal(page).click()
  await logIn(page, 'stranger')
  await page.waitForURL(/\/sign-in\?error=unknown_person/)
  await page.getByRole('alert').getByText('ask for an invitation').waitFor()
  await assertAccessible(page, 'the sign-in page with an error')
})

test('who cancels at the provider is back at the sign-in page', async (t) => {
  const page = await openVisitor(t)
  await page.goto(`${server.url}/sign-in`)
  await withLocal(page).click()
  await page.getByRole('link', { name: 'Cancel' }).click()
  await page.getByRole('alert').getByText('was cancelled').waitFor()
})

test('who is invited comes in without a password, and joins', async (t) => {
  const owner = await openPage(t)
  await signInHere(owner, demo.owner)
  const { id } = await post<{ id: string }>(owner, '/api/auth/organization/invite-member', {
    ...{ email: emailOf('newcomer'), role: 'member' },
  })
  const page = await openVisitor(t)
  await page.goto(`${server.url}/invitations/${id}`)
  await heading(page, 'Join Acme Inc')
  await withLocal(page).click()
  await logIn(page, 'newcomer')
  await page.waitForURL(`${server.url}/invitations/${id}`)
  await page.getByRole('button', { name: 'Join Acme Inc' }).click()
  await heading(page, 'API keys')
})

test('who is signed in links the provider, and signs in with it; a second factor is asked', async (t) => {
  const page = await openVisitor(t)
  await signInHere(page, demo.admin)
  await page.goto(`${server.url}/profile`)
  await page.getByRole('button', { name: 'Link Local' }).click()
  await logIn(page, 'admin')
  await page.getByRole('button', { name: 'Remove Local' }).waitFor()
  await assertAccessible(page, 'the profile with a link')

  const other = await openVisitor(t)
  await other.goto(`${server.url}/sign-in?next=/members`)
  await withLocal(other).click()
  await logIn(other, 'admin')
  await heading(other, 'Members')

  const { data } = await post<{ data: { secret: string } }>(page, '/api/auth/factors/totp', {})
  const totp = new TOTP({ secret: Secret.fromBase32(data.secret) })
  await post(page, '/api/auth/factors/totp/confirm', { code: totp.generate() })
  const third = await openVisitor(t, ['Failed to load resource'])
  await third.goto(`${server.url}/sign-in?next=/members`)
  await withLocal(third).click()
  await logIn(third, 'admin')
  await third.waitForURL(/\/sign-in\?awaits_factor=totp/)
  const code = totp.generate({ timestamp: Date.now() + 30_000 })
  await post(third, '/api/auth/factor', { code })
  await third.goto(`${server.url}/members`)
  await heading(third, 'Members')

  await page.reload()
  await page.getByRole('button', { name: 'Remove Local' }).waitFor()
})
