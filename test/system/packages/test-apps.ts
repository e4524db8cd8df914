// Latchkey and examples/hono-worker as two Workers with the service binding of wrangler.toml, and a signed-in
// owner.
import { createTestHarness } from 'wrangler'
import { root } from '../../support/system/launch.ts'
import { databases } from '../../support/system/migrate.ts'
import { jwtOf, type Send, setUp, signIn } from '../../support/system/sign-in.ts'

export const secrets = {
  TAG_SECRETS: 'packages-tag-secret',
  AUTH_SECRETS: 'packages-auth-secret-of-32-characters-or-more',
  SETUP_TOKEN: 'packages-setup-token',
}
const baseUrl = 'http://localhost:8787'
const owner = { email: 'owner@packages.test', password: 'a-password-of-this-test' }

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
  for (const { binding } of databases) await latchkey.applyD1Migrations(binding as never)
  const fetchLatchkey = ((url: URL | string, init?: RequestInit) =>
    latchkey.fetch(String(url), init as never)) as unknown as typeof fetch
  return {
    baseUrl,
    fetchLatchkey,
    example: (path: string, init: RequestInit = {}) =>
      server.getWorker('contacts-api').fetch(`https://api.example${path}`, init as never),
    runSchedule: () => latchkey.scheduled({ cron: '* * * * *' }),
    ownerJwt: await createOwner(fetchLatchkey),
    stop: () => server.close(),
  }
}

/** Creates the first owner. @returns their JWT. */
export async function createOwner(fetchLatchkey: typeof fetch): Promise<string> {
  const send: Send = (path, init) => fetchLatchkey(baseUrl + path, init)
  await setUp(send, baseUrl, secrets.SETUP_TOKEN, owner)
  return jwtOf(send, await signIn(send, baseUrl, owner))
}
