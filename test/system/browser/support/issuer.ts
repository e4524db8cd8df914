// A local OpenID provider, on another host name than Latchkey, so that its redirects are those of another site.
import { once } from 'node:events'
import type { Server } from 'node:http'
import { Provider } from 'oidc-provider'
import type { Page } from 'playwright'

export type Claims = { email: string; email_verified: boolean; name?: string }

export type LocalIssuer = { issuer: string; stop(): Promise<void> }

export const client = { id: 'latchkey', secret: 'a secret of tests, which nobody else knows' }

/** @param claimsOf by login, which is the subject */
export async function startIssuer(
  port: number,
  redirectUri: string,
  claimsOf: (login: string) => Claims,
): Promise<LocalIssuer> {
  const issuer = `http://127.0.0.1:${port}`
  const provider = new Provider(issuer, {
    clients: [
      {
        client_id: client.id,
        client_secret: client.secret,
        redirect_uris: [redirectUri],
        token_endpoint_auth_method: 'client_secret_post',
      },
    ],
    claims: { openid: ['sub'], email: ['email', 'email_verified'], profile: ['name'] },
    findAccount: (_, sub) => ({ accountId: sub, claims: () => ({ sub, ...claimsOf(sub) }) }),
    cookies: { keys: ['a key of tests'] },
  })
  const server: Server = provider.listen(port, '127.0.0.1')
  await once(server, 'listening')
  return {
    issuer,
    async stop() {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}

/** Signs in on the pages of the provider, and consents where it asks. */
export async function logIn(page: Page, login: string): Promise<void> {
  await page.waitForURL(/\/interaction\//)
  await page.locator('input[name=login]').fill(login)
  await page.locator('input[name=password]').fill('any')
  await page.locator('button[type=submit]').click()
  const consent = page.getByRole('button', { name: 'Continue' })
  await consent.click()
}
