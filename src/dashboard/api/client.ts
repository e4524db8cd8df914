// The typed client of the management API. It imports nothing from the Worker but types.
import { type ClientResponse, hc } from 'hono/client'
import type { ManagementApi } from '#worker/management/routes.ts'
import { ApiProblem, problemOf, unreachable } from './problem.ts'
import { provePerson } from './step-up.ts'

type Request = Parameters<typeof fetch>

/**
 * Resolves with a response of status 2xx. A request that needs step-up is sent once more after it.
 * @throws ApiProblem otherwise
 */
export async function fetchOrProblem(...request: Request): Promise<Response> {
  try {
    return await fetchOnce(request)
  } catch (problem) {
    const isStale = problem instanceof ApiProblem && problem.code === 'step_up_required'
    if (!isStale || !(await provePerson())) throw problem
    return fetchOnce(request)
  }
}

async function fetchOnce(request: Request): Promise<Response> {
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
