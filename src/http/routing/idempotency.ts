// Idempotency-Key: an operation that declares `idempotent` and runs in `once` is executed once in 24 hours.
import type { Context } from 'hono'
import {
  type IdempotentRequest,
  idempotencyKeyError,
  idempotentRequest,
  readIdempotencyKey,
} from '../../core/idempotency.ts'
import { type ExecutedRequest, findRequest, isExecuted } from '../../storage/idempotency.ts'
import { quotaExceeded } from '../../storage/quotas.ts'
import type { AppEnv } from '../app-env.ts'
import { invalidFields, Problem } from '../response/problem.ts'
import { failure } from './responses.ts'

const header = 'idempotency-key'

/** Declares the header in the route of an operation. */
export const idempotent = {
  parameters: [
    {
      name: 'Idempotency-Key',
      in: 'header' as const,
      required: false,
      description:
        'Within 24 hours the operation is executed once for each value, caller and resource; retry it with the same value and body',
      schema: { type: 'string' as const, minLength: 1, maxLength: 255, pattern: '^[ -~]+$' },
    },
  ],
}

export const idempotentFailures = {
  422: failure('The Idempotency-Key was used with another payload'),
}

type Once<Answer, Repeated> = {
  route: { method: string; path: string }
  /** The validated body. */
  payload: unknown
  /** Throws where the caller has not the rights for it now: a repeat needs them too. */
  authorize?: () => Promise<void> | void
  /** Stores the request in the batch of its change. */
  execute: (request: IdempotentRequest | null) => Promise<Answer>
  /** The answer to a request that was executed before, from the id of what it made. */
  repeat: (made: string, request: IdempotentRequest) => Promise<Repeated>
}

/** @throws Problem 400 for an invalid header, 422 for another payload. */
export async function once<Answer, Repeated>(
  c: Context<AppEnv>,
  { route, payload, authorize, execute, repeat }: Once<Answer, Repeated>,
): Promise<Answer | Repeated> {
  const key = readHeader(c)
  if (key === null) return execute(null)
  const { actor } = c.var
  const scope = {
    ...{ accountId: actor.accountId, actor, key },
    method: route.method,
    route: route.path,
    ids: Object.values(c.req.param() as Record<string, string>).map((id) => id.toLowerCase()),
  }
  const request = await idempotentRequest(scope, payload)
  await authorize?.()
  const before = await findRequest(c.env.db, request, c.env.clock.now())
  if (before !== null) return repeat(madeBefore(before, request), request)
  try {
    return await execute(request)
  } catch (error) {
    if (!isExecuted(error) && !isOfState(error) && quotaExceeded(error) === null) throw error
    // The same request was first, and left nothing for this one to do.
    const first = await findRequest(c.env.db, request, c.env.clock.now())
    if (first === null) throw error
    return repeat(madeBefore(first, request), request)
  }
}

/** A refusal that the first of two requests may have caused. */
function isOfState(error: unknown): boolean {
  return error instanceof Problem && error.status < 500
}

function madeBefore({ payload, made }: ExecutedRequest, request: IdempotentRequest): string {
  if (payload === request.payload) return made
  throw new Problem('idempotency_key_reused', {
    detail: 'This Idempotency-Key was used with another payload within 24 hours.',
  })
}

function readHeader(c: Context<AppEnv>): string | null {
  const text = c.req.header(header)
  if (text === undefined) return null
  const key = readIdempotencyKey(text)
  if (key === null)
    throw invalidFields([{ path: `header.${header}`, message: idempotencyKeyError }])
  return key
}
