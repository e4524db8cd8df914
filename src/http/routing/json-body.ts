// A JSON body read in one step, for doors that are asked too often for a chain of middleware.
import type { Context } from 'hono'
import type { z } from 'zod'
import type { AppEnv } from '../app-env.ts'
import { Problem } from '../response/problem.ts'
import { bodySizeLimit, invalidBody, isJson, unsupportedBody } from './router.ts'

/**
 * The body of a request by its schema.
 * @throws Problem 400 naming the fields, 413 for too many bytes, 415 for what is not declared as JSON.
 */
export async function readJson<T>(c: Context<AppEnv>, schema: z.ZodType<T>): Promise<T> {
  const { headers } = c.req.raw
  const type = headers.get('content-type')
  if (!isJson(type)) throw unsupportedBody(type)
  await bodySizeLimit(c, async () => {})
  const body = await c.req.json().catch(refuseBody)
  const parsed = schema.safeParse(body)
  if (!parsed.success) throw invalidBody(parsed.error, 'json')
  return parsed.data
}

function refuseBody(): never {
  const detail = 'Malformed JSON in request body'
  throw new Problem('invalid_request', { detail, errors: [{ path: '', message: detail }] })
}
