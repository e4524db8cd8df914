// The typed client of the management API. It imports nothing from the Worker but types.
import { type ClientResponse, hc } from 'hono/client'
import type { ManagementApi } from '#worker/management/routes.ts'
import { accountOfPage } from './account.ts'
import { ApiProblem, problemOf, unreachable } from './problem.ts'
import { provePerson } from './step-up.ts'

/** What a page needs whose account is none of the person's: these are answered alike in every account. */
const ofPerson = new Set(
  ['get-session', 'organization/list', 'sign-out'].map((path) => `/api/auth/${path}`),
)

/**
 * Resolves with a response of status 2xx. The only place that sends requests: each names the account of its page,
 * since another tab may show another account of the same session.
 * A request that needs step-up is sent once more after it.
 * @throws ApiProblem otherwise
 */
export async function fetchOrProblem(
  ...[input, init]: Parameters<typeof fetch>
): Promise<Response> {
  const headers = new Headers(init?.headers)
  const account = accountOfPage()
  if (account !== null && !ofPerson.has(String(input))) headers.set('latchkey-account', account)
  const send = () => fetchOnce(input, { ...init, headers })
  try {
    return await send()
  } catch (problem) {
    const isStale = problem instanceof ApiProblem && problem.code === 'step_up_required'
    if (!isStale || !(await provePerson())) throw problem
    return send()
  }
}

async function fetchOnce(...request: Parameters<typeof fetch>): Promise<Response> {
  const response = await fetch(...request).catch((cause: unknown) => {
    throw unreachable(cause)
  })
  if (!response.ok) throw await problemOf(response)
  return response
}

export const clientOptions = { fetch: fetchOrProblem }

export const management = hc<ManagementApi>('/', clientOptions).api

type BodyOf<R> = R extends ClientResponse<infer Body, number, string> ? Body : never
type SuccessOf<R> = Extract<BodyOf<R>, { status: 'success' }>

/** The type of `data` in the success response of an operation. */
export type DataOf<Operation extends (...args: never[]) => unknown> =
  SuccessOf<Awaited<ReturnType<Operation>>> extends { data: infer Data } ? Data : never

/** The envelope of a success. @throws ApiProblem */
export async function answer<R extends ClientResponse<unknown, number, string>>(
  pending: Promise<R>,
): Promise<SuccessOf<R>> {
  const response = await pending
  return (await response.json()) as SuccessOf<R>
}
