// The typed client of the management API. It knows the Worker by its types alone.
import { type ClientResponse, hc } from 'hono/client'
import type { createInvitationRoutes } from '#worker/management/people/invitations.ts'
import type { createSetupRoutes } from '#worker/management/people/setup.ts'
import type { ManagementApi } from '#worker/management/routes.ts'
import { problemOf, unreachable } from './problem.ts'

/** Succeeds with a success, and throws an ApiProblem for everything else. */
export async function fetchOrProblem(...request: Parameters<typeof fetch>): Promise<Response> {
  const response = await fetch(...request).catch((cause: unknown) => {
    throw unreachable(cause)
  })
  if (!response.ok) throw await problemOf(response)
  return response
}

const options = { fetch: fetchOrProblem }

export const management = hc<ManagementApi>('/', options).api
export const setup = hc<ReturnType<typeof createSetupRoutes>>('/', options).api.setup
export const invitations = hc<ReturnType<typeof createInvitationRoutes>>('/', options).api
  .invitations

type BodyOf<R> = R extends ClientResponse<infer Body, number, string> ? Body : never
type SuccessOf<R> = Extract<BodyOf<R>, { status: 'success' }>

/** What `data` of an operation's success is. */
export type DataOf<Operation extends (...args: never[]) => unknown> =
  SuccessOf<Awaited<ReturnType<Operation>>> extends { data: infer Data } ? Data : never

/** The envelope of a success. @throws ApiProblem */
export async function answer<R extends ClientResponse<unknown, number, string>>(
  pending: Promise<R>,
): Promise<SuccessOf<R>> {
  const response = await pending
  return (await response.json()) as SuccessOf<R>
}
