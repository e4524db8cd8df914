// examples/portal as its README.md has it: the key is made by its shell block, the app runs in workerd beside a real `npm start`, and
// a customer reaches their keys by one click, makes one, uses it, revokes it, and its next request fails.
import { equal, match, ok } from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, readFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, it } from 'node:test'
import { parseEnv } from 'node:util'
import { createTestHarness } from 'wrangler'
import { root, type Server, startLatchkey } from '../../support/system/launch.ts'
import { removeFolder } from '../../support/system/remove-folder.ts'
import { suiteTimeoutMs } from '../../support/system/time-out.ts'
import { heading, openWindow } from '../browser/support/browser.ts'
import { sendNewKey, storeToken } from '../browser/support/portal-host.ts'

type Answer = { status: number; data: Record<string, unknown> }

export function testPortalExample(): void {
  const folder = mkdtempSync(join(tmpdir(), 'latchkey-portal-'))
  let latchkey: Server
  let app: ReturnType<typeof createTestHarness>
  let appUrl: string

  before(
    async () => {
      latchkey = await startLatchkey({ config: 'shipped' })
      const vars = makeKey(folder, latchkey.url)
      app = createTestHarness({
        root,
        workers: [
          {
            configPath: 'examples/portal/wrangler.toml',
            vars: { ...vars, LATCHKEY_URL: latchkey.url },
          },
        ],
      })
      appUrl = new URL((await app.listen()).url).origin
    },
    { timeout: suiteTimeoutMs },
  )
  after(async () => {
    await app?.close()
    await latchkey?.stop()
    removeFolder(folder)
  })

  const post = (path: string, cookie = '', body = '', origin = 'https://app.example') =>
    app.getWorker('portal-example').fetch(`https://app.example${path}`, {
      ...{ method: 'POST', body, redirect: 'manual' },
      headers: { cookie, origin, 'content-type': 'application/x-www-form-urlencoded' },
    })

  async function signIn(customer: string): Promise<string> {
    const response = await post('/sign-in', '', `customer=${customer}`)
    equal(response.status, 303)
    return response.headers.getSetCookie()[0]?.split(';')[0] ?? ''
  }

  /** Calls the portal's API as its page does, in the session that one click opens. */
  async function open(cookie: string) {
    const response = await post('/api-keys', cookie)
    equal(response.status, 303)
    const location = response.headers.get('location') ?? ''
    ok(location.startsWith(`${latchkey.url}/portal#code=lkpc_`), location)
    const call = async (method: string, path: string, token?: string, body?: object) => {
      const headers = {
        'content-type': 'application/json',
        ...(token && { authorization: `Bearer ${token}` }),
      }
      const init = { method, headers, ...(body && { body: JSON.stringify(body) }) }
      const answer = await fetch(`${latchkey.url}/api/v1/portal${path}`, init)
      return { status: answer.status, data: (await answer.json()).data } as Answer
    }
    const code = location.split('#code=')[1]
    const { status, data } = await call('POST', '/session', undefined, { code })
    equal(status, 201)
    return (method: string, path: string, body?: object) =>
      call(method, path, String(data.token), body)
  }

  const contacts = async (token: unknown) =>
    fetch(`${latchkey.url}/api/contacts`, { headers: { 'x-api-key': String(token) } })

  it('lets a customer make, use and revoke a key, which fails on its next request', async () => {
    const portal = await open(await signIn('customer-ada'))
    const made = await portal('POST', '/keys', { name: 'Sync', scopes: ['contacts:read'] })
    equal(made.status, 201, JSON.stringify(made))
    const used = await contacts(made.data.key)
    equal(used.status, 200)
    match(used.headers.get('ratelimit-policy') ?? '', /q=60;w=60/)
    equal((await portal('DELETE', `/keys/${made.data.id}`)).status, 200)
    const refused = await contacts(made.data.key)
    equal(`${refused.status} ${(await refused.json()).code}`, '401 revoked_api_key')
  })

  it('is the way to the page and back in a browser', async () => {
    const page = await openWindow(appUrl)
    await page.goto('/')
    await page.getByRole('button', { name: 'Sign in as Ada' }).click()
    await page.getByRole('button', { name: 'Manage API keys' }).click()
    await heading(page, 'API keys')
    equal(page.url(), `${latchkey.url}/portal`)
    await sendNewKey(page, 'In a browser')
    const token = await storeToken(page, 'In a browser')
    equal((await contacts(token)).status, 200)
    await page.getByRole('button', { name: 'Revoke In a browser' }).click()
    const [, prefix = ''] = (await page.getByText(/^Type .* to confirm$/).innerText()).split(' ')
    await page.getByLabel(/to confirm$/).fill(prefix)
    await page.getByRole('button', { name: 'Revoke key' }).click()
    await page.getByText('In a browser is revoked.').waitFor()
    equal((await contacts(token)).status, 401)
    await page.getByRole('link', { name: /^Back to/ }).click()
    await page.getByText('Signed in as Ada').waitFor()
    equal(page.url(), `${appUrl}/`)
  })

  it('shows a customer nothing of another, whatever the request says', async () => {
    const ada = await open(await signIn('customer-ada'))
    const made = await ada('POST', '/keys', { name: 'Of Ada', scopes: ['contacts:read'] })
    const grace = await open(await signIn('customer-grace'))
    equal(((await grace('GET', '/keys')).data as unknown as unknown[]).length, 0)
    equal((await grace('DELETE', `/keys/${made.data.id}`)).status, 404)
    equal((await contacts(made.data.key)).status, 200)
    const forged = await post('/api-keys', 'customer=customer-ada.forged')
    equal(forged.headers.get('location'), '/')
    const cookie = await signIn('customer-ada')
    equal((await post('/api-keys', cookie, '', 'https://evil.example')).status, 403)
  })
}

/** @returns the variables that the README's block writes. */
function makeKey(folder: string, url: string): Record<string, string> {
  const readme = readFileSync(join(root, 'examples', 'portal', 'README.md'), 'utf8')
  const script = readme.match(/portal-example\.ts -->\n```sh\n(.*?)```/s)?.[1] ?? ''
  mkdirSync(join(folder, 'examples', 'portal'), { recursive: true })
  cpSync(join(root, '.dev.vars'), join(folder, '.dev.vars'))
  const options = { cwd: folder, env: { ...process.env, BASE: url }, encoding: 'utf8' } as const
  const { status, stderr } = spawnSync('bash', ['-euc', script], options)
  equal(status, 0, stderr)
  const text = readFileSync(join(folder, 'examples', 'portal', '.dev.vars'), 'utf8')
  match(text, /^LATCHKEY_KEY=whm_/)
  return parseEnv(text) as Record<string, string>
}
