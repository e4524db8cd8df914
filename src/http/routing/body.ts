// Bodies of requests: bytes up to a limit, not encoded, JSON in UTF-8, read once and strictly.
import type { Context, MiddlewareHandler } from 'hono'
import { z } from 'zod'
import type { FieldError } from '../../contract/problems.ts'
import { readJson, readUtf8 } from '../../core/json.ts'
import { quote } from '../../core/text.ts'
import type { AppEnv } from '../app-env.ts'
import { invalidFields, Problem } from '../response/problem.ts'
import { invalidRequest } from './invalid-request.ts'
import { isSafeMethod } from './method.ts'
import { formType } from './requests.ts'

export const maxBodyBytes = 64 * 1024

/**
 * Reads the JSON of every request that may have an effect, before any handler does. Handlers get a request whose
 * body is valid; without a body it has no content type either, so that an optional body may be empty.
 * Authentication precedes the body: what is wrong with it waits in `c.var.bodyProblem` for `refuseBadBody`. It is
 * 400 naming the fields, 413 for too many bytes, or 415 for what is not JSON or is encoded.
 */
export function jsonBody(
  maxBytesOf: (path: string) => number = () => maxBodyBytes,
): MiddlewareHandler<AppEnv> {
  return async function jsonBody(c, next) {
    const { raw } = c.req
    if (!isSafeMethod(raw.method)) {
      try {
        const bytes = await readBytes(raw, maxBytesOf(c.req.path))
        if (bytes.byteLength > 0) parseJson(raw.headers, bytes)
        c.req.raw = withBytes(raw, bytes)
      } catch (problem) {
        if (!(problem instanceof Problem)) throw problem
        c.set('bodyProblem', problem)
      }
    }
    await next()
  }
}

/** After the guards, before what reads the body. @throws Problem as `jsonBody` says. */
export const refuseBadBody: MiddlewareHandler<AppEnv> = async function refuseBadBody(c, next) {
  if (c.var.bodyProblem !== undefined) throw c.var.bodyProblem
  await next()
}

/** For operations that take no body: it is absent, or an object without fields. */
export const refuseBody: MiddlewareHandler<AppEnv> = async function refuseBody(c, next) {
  const { raw } = c.req
  if (c.var.bodyProblem !== undefined) throw c.var.bodyProblem
  const bytes = await readBytes(raw, maxBodyBytes)
  if (bytes.byteLength > 0) {
    const parsed = z.strictObject({}).safeParse(parseJson(raw.headers, bytes))
    if (!parsed.success) throw invalidRequest(parsed.error, 'json')
  }
  await next()
}

/** The body of a request by its schema, in one step. @throws Problem as `jsonBody` says. */
export async function readJsonBody<T>(
  { req: { raw } }: Context<AppEnv>,
  schema: z.ZodType<T>,
): Promise<T> {
  const value = parseJson(raw.headers, await readBytes(raw, maxBodyBytes))
  const parsed = schema.safeParse(value)
  if (!parsed.success) throw invalidRequest(parsed.error, 'json')
  return parsed.data
}

/** @throws Problem 413, or 415 for a body in an encoding (RFC 9110 8.4.1): it is not decoded here. */
export async function readBytes(
  request: Request,
  maxBytes: number,
): Promise<Uint8Array<ArrayBuffer>> {
  const { headers } = request
  const encoding = headers.get('content-encoding')?.trim().toLowerCase() ?? 'identity'
  if (encoding !== 'identity' && encoding !== '') throw encodedBody()
  const declared = headers.get('content-length')
  if (Number(declared ?? 0) > maxBytes) throw tooLarge(maxBytes)
  // Of a known length: in one step, since keys/verify is called for most requests of an API.
  if (declared !== null) return withinLimit(new Uint8Array(await request.arrayBuffer()), maxBytes)
  const chunks: Uint8Array[] = []
  let length = 0
  for await (const chunk of (request.body ?? []) as Iterable<Uint8Array>) {
    length += chunk.byteLength
    if (length > maxBytes) throw tooLarge(maxBytes)
    chunks.push(chunk)
  }
  const bytes = new Uint8Array(length)
  let at = 0
  for (const chunk of chunks) {
    bytes.set(chunk, at)
    at += chunk.byteLength
  }
  return bytes
}

function withinLimit(bytes: Uint8Array<ArrayBuffer>, maxBytes: number): Uint8Array<ArrayBuffer> {
  if (bytes.byteLength > maxBytes) throw tooLarge(maxBytes)
  return bytes
}

function parseJson(headers: Headers, bytes: Uint8Array): unknown {
  const type = headers.get('content-type')
  const { essence, charsets } = mediaType(type ?? '')
  if (!isJson(essence)) throw unsupportedBody('application/json', type)
  if (charsets.some((each) => each !== 'utf-8' && each !== 'utf8')) throw otherCharset()
  const reading = readJson(bytes)
  if ('errors' in reading) throw invalidBody(reading.errors)
  return reading.value
}

export function isForm({ headers }: Request): boolean {
  return mediaType(headers.get('content-type') ?? '').essence === formType
}

/** The parameters of a form in UTF-8, and the request with its body read. @throws Problem 400, 413 or 415 */
export async function readForm(
  sent: Request,
  maxBytes: number,
): Promise<{ form: URLSearchParams; request: Request }> {
  if (!isForm(sent)) throw unsupportedBody(formType, sent.headers.get('content-type'))
  const body = await readBytes(sent, maxBytes)
  const text = readUtf8(body)
  if (text === null) throw invalidBody([{ path: '', message: 'The body is not UTF-8' }])
  const { url, method, headers, cf, signal } = sent
  const request = new Request(url, { method, headers, body, signal, ...(cf && { cf }) })
  return { form: new URLSearchParams(text), request }
}

function withBytes(
  { url, method, headers: sent, cf, signal }: Request,
  bytes: Uint8Array<ArrayBuffer>,
): Request {
  const headers = new Headers(sent)
  if (bytes.byteLength === 0) {
    headers.delete('content-type')
    headers.delete('content-length')
  } else headers.set('content-type', 'application/json')
  const body = bytes.byteLength === 0 ? null : bytes
  return new Request(url, { method, headers, body, signal, ...(cf && { cf }) })
}

function mediaType(type: string): { essence: string; charsets: string[] } {
  const [essence = '', ...parameters] = type.slice(0, 1_000).split(';')
  const charsets = parameters.flatMap((parameter) => {
    const [name = '', value = ''] = parameter.toLowerCase().split('=')
    return name.trim() === 'charset' ? [value.replaceAll('"', '').trim()] : []
  })
  return { essence: essence.trim().toLowerCase(), charsets }
}

/** `application/json`, or a structured suffix (RFC 6839 3.1). */
function isJson(essence: string): boolean {
  return (
    essence === 'application/json' ||
    (essence.startsWith('application/') && essence.endsWith('+json'))
  )
}

function invalidBody(errors: readonly FieldError[]): Problem {
  return invalidFields(errors.map(({ path, message }) => ({ path: quote(path), message })))
}

function otherCharset(): Problem {
  return invalidBody([{ path: 'content-type', message: 'JSON is UTF-8 (RFC 8259 8.1)' }])
}

function unsupportedBody(expected: string, type: string | null): Problem {
  const detail = `The body must be ${expected}, not ${type === null ? 'undeclared' : quote(type)}.`
  return new Problem('unsupported_media_type', { detail })
}

function encodedBody(): Problem {
  const detail = 'The body must not be encoded.'
  return new Problem('unsupported_media_type', {
    detail,
    headers: { 'accept-encoding': 'identity' },
  })
}

function tooLarge(maxBytes: number): Problem {
  return new Problem('payload_too_large', { detail: `A body may have ${maxBytes} bytes.` })
}
