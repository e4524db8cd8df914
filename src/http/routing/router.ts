// The router of every resource (schema, handler and OpenAPI together, one shape of failure) and what
// all bodies must keep to.
import { OpenAPIHono } from '@hono/zod-openapi'
import type { MiddlewareHandler } from 'hono'
import { bodyLimit } from 'hono/body-limit'
import type { FieldError } from '../../contract/problems.ts'
import type { AppEnv } from '../app-env.ts'
import { Problem } from '../response/problem.ts'

export const maxBodyBytes = 64 * 1024

export function createRouter(): OpenAPIHono<AppEnv> {
  return new OpenAPIHono<AppEnv>({
    defaultHook(result) {
      if (!result.success) throw invalidBody(result.error, result.target)
    },
  })
}

export const bodySizeLimit = limitBody(maxBodyBytes)

export function limitBody(maxSize: number): MiddlewareHandler {
  const detail = `A body may have ${maxSize} bytes.`
  const onError = () => {
    throw new Problem('payload_too_large', { detail })
  }
  return bodyLimit({ maxSize, onError })
}

export function invalidBody({ issues }: { issues: Issue[] }, target: string): Problem {
  const errors = issues.flatMap((issue) => fieldErrors(issue, target))
  return new Problem('invalid_request', { detail: sentenceOf(errors), errors })
}

type Issue = {
  code: string
  path: PropertyKey[]
  message: string
  keys?: string[]
  /** Of a union: what each of its kinds says. */
  errors?: Issue[][]
}

export function fieldErrors(issue: Issue, target: string): FieldError[] {
  const place = issue.path.map(String)
  const path = [...(target === 'json' ? [] : [target]), ...place].join('.')
  // zod names the object that holds unknown fields; people look for the fields.
  if (issue.code === 'unrecognized_keys' && issue.keys) {
    const prefix = path === '' ? '' : `${path}.`
    return issue.keys.map((key) => ({ path: `${prefix}${key}`, message: 'There is no such field' }))
  }
  const meant = issue.errors?.find((kind) => kind.every(({ path }) => path.length > 0))
  if (meant === undefined) return [{ path, message: issue.message }]
  return meant.flatMap((inner) =>
    fieldErrors({ ...inner, path: [...issue.path, ...inner.path] }, target),
  )
}

function sentenceOf(errors: FieldError[]): string {
  return errors
    .map(({ path, message }) => (path === '' ? message : `${path}: ${message}`))
    .join('; ')
}

/** A body that is not declared as JSON is refused, rather than read as an empty one. */
export const jsonOnly: MiddlewareHandler<AppEnv> = async function jsonOnly(c, next) {
  const { raw } = c.req
  const type = raw.headers.get('content-type')
  const needsBody = raw.method === 'POST' || raw.method === 'PATCH' || raw.method === 'PUT'
  if (needsBody && !isJson(type) && (type !== null || !(await isEmpty(raw)))) {
    throw unsupportedBody(type)
  }
  if (type !== null && /\s;/.test(type)) c.req.raw = withPlainType(raw, type)
  await next()
}

export function unsupportedBody(type: string | null): Problem {
  const detail = `The body must be application/json, not ${type ?? 'undeclared'}.`
  return new Problem('unsupported_media_type', { detail })
}

/** Over HTTP nothing may be a stream too: browsers send an empty POST with a length, some proxies in chunks. */
async function isEmpty(request: Request): Promise<boolean> {
  return request.body === null || (await request.clone().arrayBuffer()).byteLength === 0
}

/** Spaces before a parameter are allowed (RFC 9110 5.6.6); the validators below know none. */
function withPlainType(request: Request, type: string): Request {
  const headers = new Headers(request.headers)
  headers.set('content-type', type.replace(/\s*;\s*/g, '; '))
  return new Request(request, { headers })
}

export function isJson(type: string | null): boolean {
  return /^application\/([\w.-]+\+)?json\s*(;|$)/i.test(type ?? '')
}
