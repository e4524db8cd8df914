// What the operations of other providers share: which one is meant, and the address to which the browser goes.
import { z } from '@hono/zod-openapi'
import type { Context } from 'hono'
import { readOwnPath } from '../../../../core/own-path.ts'
import type { SignInProvider } from '../../../../core/sign-in.ts'
import type { Beginning } from '../../../../identity/sign-in-with/begin.ts'
import type { AppEnv } from '../../../app-env.ts'
import { Problem } from '../../../response/problem.ts'

export const tags = ['People']
export const noStore = { 'cache-control': 'no-store' }

export const providerField = z
  .string()
  .max(32)
  .openapi({ description: 'Of GET /api/auth/sign-in-methods', example: 'github' })

export const nextField = z
  .string()
  .transform((text, context) => {
    const path = readOwnPath(text)
    if (path === null) context.addIssue('Not the path of a page here')
    return path ?? z.NEVER
  })
  .openapi({
    type: 'string',
    maxLength: 500,
    description: 'The path of the page to which it leads',
    example: '/keys',
  })

export const begun = z.object({
  url: z.url().openapi({ description: 'Of the provider: send the browser there' }),
})

/** @throws Problem 404 */
export function providerOf(c: Context<AppEnv>, id: string): SignInProvider {
  const found = c.env.people.providers.find((provider) => provider.id === id)
  if (found === undefined)
    throw new Problem('not_found', { detail: 'There is no such way to sign in.' })
  return found
}

/** Sets the cookie of the flow. @returns where the browser goes. @throws Problem 503 */
export async function begin(
  c: Context<AppEnv>,
  provider: SignInProvider,
  beginning: Beginning,
): Promise<{ url: string }> {
  const { beginSignIn } = await import('../../../../identity/sign-in-with/begin.ts')
  try {
    const { url, cookie } = await beginSignIn(c.env.people, provider, beginning, Date.now())
    c.header('set-cookie', cookie, { append: true })
    return { url }
  } catch (cause) {
    const { reportFailure } = await import('../../../../identity/sign-in-with/failure.ts')
    reportFailure(provider, cause)
    throw new Problem('authority_unavailable', {
      detail: `${provider.name} does not answer as it should. Try again, or sign in another way.`,
      headers: { 'retry-after': '5' },
    })
  }
}
