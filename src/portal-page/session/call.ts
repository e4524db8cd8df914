// The only place that sends requests. Each that makes something has an Idempotency-Key, so that nothing is made twice when its
// answer was lost.
import type { ProblemBody } from '#contract/problems.ts'
import { sessionToken } from './stored-session.ts'

/** `unreachable`: no answer came. */
export type Failure = Pick<ProblemBody, 'code' | 'title' | 'detail' | 'errors' | 'key_id'> & {
  status: number
  requestId: string | null
  retryAfterSeconds: number | null
}

export class CallFailure extends Error {
  readonly failure: Failure

  constructor(failure: Failure, cause?: unknown) {
    super(failure.title, { cause })
    this.name = 'CallFailure'
    this.failure = failure
  }
}

export type Answer<T> = { data: T; next_cursor?: string | null; headers: Headers }

type Options = {
  method?: 'GET' | 'POST' | 'PATCH' | 'DELETE'
  body?: object
  /** Of a request that makes a key: repeated once by itself where no answer came. */
  isOnce?: boolean
  isAnonymous?: boolean
}

/** By request: the same one has the same key until it was answered. */
const idempotencyKeys = new Map<string, string>()
const pauseMs = 1_000

/** @throws CallFailure */
export async function call<T>(path: string, options: Options = {}): Promise<Answer<T>> {
  const { method = 'GET', body, isOnce = false } = options
  const request = JSON.stringify([method, path, body])
  const isRepeatable = isOnce || method === 'GET'
  const send = () => sendOnce<T>(path, options, isOnce ? keyOf(request) : null)
  try {
    const answer = await send().catch(async (error: unknown) => {
      if (!isRepeatable || !isUnanswered(error)) throw error
      await new Promise((resolve) => setTimeout(resolve, pauseMs))
      return send()
    })
    idempotencyKeys.delete(request)
    return answer
  } catch (error) {
    if (!isUnanswered(error)) idempotencyKeys.delete(request)
    throw error
  }
}

function keyOf(request: string): string {
  const key = idempotencyKeys.get(request) ?? crypto.randomUUID()
  idempotencyKeys.set(request, key)
  return key
}

/** Whether it is unknown what the request has done. */
function isUnanswered(error: unknown): boolean {
  const status = error instanceof CallFailure ? error.failure.status : 0
  return status === 0 || status >= 500
}

async function sendOnce<T>(
  path: string,
  { method = 'GET', body, isAnonymous = false }: Options,
  idempotencyKey: string | null,
): Promise<Answer<T>> {
  const token = isAnonymous ? null : sessionToken()
  const response = await fetch(`/api/v1/portal${path}`, {
    method,
    credentials: 'omit',
    cache: 'no-store',
    headers: {
      ...(token !== null && { authorization: `Bearer ${token}` }),
      ...(body && { 'content-type': 'application/json' }),
      ...(idempotencyKey !== null && { 'idempotency-key': idempotencyKey }),
    },
    ...(body && { body: JSON.stringify(body) }),
  }).catch(unreachable)
  const text = await response.text().catch(unreachable)
  const { headers, status } = response
  const json = read(text)
  if (!response.ok) throw new CallFailure(failureOf(status, headers, json))
  if (json === null) throw new CallFailure(failureOf(0, headers, null))
  return { ...(json as Omit<Answer<T>, 'headers'>), headers }
}

function unreachable(cause: unknown): never {
  throw new CallFailure(failureOf(0, new Headers(), null), cause)
}

function read(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}

function failureOf(status: number, headers: Headers, json: unknown): Failure {
  const {
    code = 'unreachable',
    title = 'No answer',
    ...body
  } = (json ?? {}) as Partial<ProblemBody>
  return {
    ...{ code, title, status },
    detail: body.detail ?? '',
    errors: body.errors,
    key_id: body.key_id,
    requestId: body.request_id ?? headers.get('x-request-id'),
    retryAfterSeconds: Number(headers.get('retry-after')) || null,
  }
}
