// The typed client of the management API. It imports nothing from the Worker but types.
import { type ClientResponse, hc } from 'hono/client'
import type { ManagementApi } from '#worker/management/routes.ts'
import { problemOf, unreachable } from './problem.ts'

/** Resolves with a response of status 2xx. @throws ApiProblem otherwise */
export async function fetchOrProblem(...request: Parameters<typeof fetch>): Promise<Response> {
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
