// Latchkey and examples/hono-worker as two Workers with the service binding of wrangler.toml, and an owner
// who is signed in.
import { join } from 'node:path'
import { createTestHarness } from 'wrangler'

export const root = join(import.meta.dirname, '..', '..', '..')

export const secrets = {
  TAG_SECRETS: 'packages-tag-secret',
  AUTH_SECRETS: 'packages-auth-secret-of-32-characters-or-more',
  SETUP_TOKEN: 'packages-setup-token',
}
const baseUrl = 'http://localhost:8787'
const email = 'owner@packages.test'
const password = 'a-password-of-this-test'

export type TestApps = Awaited<ReturnType<typeof startTestApps>>

export async function startTestApps() {
  const server = createTestHarness({
    root,
    workers: [
      { configPath: 'examples/hono-worker/wrangler.toml' },
      { configPath: 'wrangler.toml', secrets, vars: { BASE_URL: baseUrl } },
    ],
  })
  await server.listen()
  const latchkey = server.getWorker('latchkey')
  for (const database of ['DB', 'CRM_DB']) await latchkey.applyD1Migrations(database as never)
  const fetchLatchkey = ((url: URL | string, init?: RequestInit) =>
    latchkey.fetch(String(url), init as never)) as unknown as typeof fetch
  return {
    baseUrl,
    fetchLatchkey,
    example: (path: string, init: RequestInit = {}) =>
      server.getWorker('contacts-api').fetch(`https://api.example${path}`, init as never),
    runSchedule: () => latchkey.scheduled({ cron: '* * * * *' }),
    ownerJwt: await signIn(fetchLatchkey),
    stop: () => server.close(),
  }
}

export async function signIn(send: typeof fetch): Promise<string> {
  const post = async (path: string, body: object) => {
    const response = await send(baseUrl + path, {
      method: 'POST',
      headers: { 'content-type': 'application/json', origin: baseUrl },
      body: JSON.stringify(body),
    })
    if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`)
    return response
  }
  const setup_token = secrets.SETUP_TOKEN
  await post('/api/setup', { setup_token, account: 'Acme Inc', name: 'Ada', email, password })
  const session = await post('/api/auth/sign-in/email', { email, password })
  const cookie = session.headers
    .getSetCookie()
    .map((line) => line.split(';')[0])
    .join('; ')
  const answer = await send(`${baseUrl}/api/auth/token`, { headers: { cookie } })
  const { token } = (await answer.json()) as { token: string }
  return token
}
