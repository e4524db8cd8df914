// `fetch` with a credential. Where the answer is that the person has to be proved again, or that a JWT has ended, it asks, and
// sends the very request again: the command resumes where it was.
import { LatchkeyError } from '../../error.ts'
import { CliError, isUnavailable } from '../exit.ts'
import type { Credential } from './credential.ts'

const timeoutMs = 75_000
const maxRenewals = 3

export function authorisedFetch(credential: Credential): typeof fetch {
  // Requests at the same time share one question.
  let renewing: Promise<boolean> | null = null
  const renew = (reason: 'step_up' | 'ended') => {
    renewing ??= credential.renew(reason).finally(() => {
      renewing = null
    })
    return renewing
  }
  // The client retries what it takes for a broken connection: whoever was asked in vain is not asked again.
  let refusal: { error: unknown } | null = null
  return async function send(input, init) {
    if (refusal !== null) throw refusal.error
    try {
      return await sendAuthorised(input, init)
    } catch (error) {
      const isFinal =
        error instanceof CliError || (error instanceof LatchkeyError && !isUnavailable(error))
      if (isFinal) refusal = { error }
      throw error
    }
  }

  async function sendAuthorised(...[input, init]: Parameters<typeof fetch>): Promise<Response> {
    for (let renewals = 0; ; renewals++) {
      const token = await credential.token()
      const headers = new Headers(init?.headers)
      headers.set('authorization', `Bearer ${token}`)
      // The time in which a person answered is no part of the request's.
      const signal = renewals === 0 ? init?.signal : AbortSignal.timeout(timeoutMs)
      const response = await fetch(input, { ...init, headers, ...(signal && { signal }) })
      const reason = await reasonToRenew(response)
      if (reason === null || renewals === maxRenewals) return response
      // Another request has renewed it meanwhile.
      if ((await credential.token()) !== token) continue
      if (!(await renew(reason))) return response
    }
  }
}

async function reasonToRenew(response: Response): Promise<'step_up' | 'ended' | null> {
  if (response.status !== 401 && response.status !== 403) return null
  const problem: unknown = await response
    .clone()
    .json()
    .catch(() => null)
  const { code } = (problem ?? {}) as { code?: unknown }
  if (code === 'step_up_required') return 'step_up'
  return code === 'invalid_token' ? 'ended' : null
}
