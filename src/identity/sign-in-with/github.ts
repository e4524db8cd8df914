// Whom GitHub names: it speaks OAuth 2.0, and its API says who authorized the token.
import { z } from 'zod'
import type { SignInProvider } from '../../core/sign-in.ts'
import { type Identity, nameOf } from './identity.ts'
import { requestOptions } from './issuer.ts'

const api = 'https://api.github.com'

const user = z.object({
  id: z.int().positive(),
  login: z.string(),
  name: z.string().nullish(),
})
const emails = z.array(z.object({ email: z.string(), verified: z.boolean() }))
const maxEmails = 20

/** The number stays when the login changes, which another person may take. @throws Error */
export async function identifyByGithub(
  provider: SignInProvider,
  accessToken: string,
): Promise<Identity> {
  const read = async <T>(path: string, schema: z.ZodType<T>): Promise<T> => {
    const response = await fetch(`${api}${path}`, {
      headers: {
        accept: 'application/vnd.github+json',
        authorization: `Bearer ${accessToken}`,
        // Required by GitHub.
        'user-agent': 'Latchkey',
        'x-github-api-version': '2022-11-28',
      },
      redirect: 'manual',
      signal: requestOptions(provider).signal,
    })
    if (!response.ok) throw new Error(`GitHub answered ${response.status} for ${path}`)
    return schema.parse(await response.json())
  }
  const { id, login, name } = await read('/user', user)
  return {
    subject: String(id),
    authenticatedAt: null,
    async readProfile() {
      const verified = (await read('/user/emails', emails)).filter((each) => each.verified)
      const verifiedEmails = verified.map(({ email }) => email.toLowerCase()).slice(0, maxEmails)
      return { name: nameOf([name, login]), verifiedEmails }
    },
  }
}
