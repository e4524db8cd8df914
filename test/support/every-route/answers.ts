// What holds for every answer to any request.
import { expect } from 'vitest'
import { type ProblemCode, problems } from '../../../src/contract/problems.ts'
import { problemType } from '../../../src/contract/refusals.ts'
import { expectHardened } from '../hardened.ts'
import type { Call } from '../watch.ts'
import type { EveryRoute, Everything, Sent } from './routes.ts'

export type Answer = {
  status: number
  headers: Headers
  text: string
  /** The code of a problem; null for anything else. */
  code: string | null
  /** The paths of its errors. */
  fields: string[]
}

/** Sends it, and checks what holds for every answer; `what` names the attempt in a failure. */
export async function attempt(
  { send, watch }: Everything,
  route: EveryRoute,
  sent: Sent,
  what: string,
): Promise<Answer> {
  const answer = await send(route, sent)
  const about = `${what} at ${route.name}: ${answer.status} ${answer.text.slice(0, 300)}`
  expect(answer.status, about).toBeLessThan(500)
  expect(answer.headers.get('x-request-id'), about).toMatch(/^[0-9a-f-]{36}$/)
  const isOfUpstream =
    route.section === 'gateway' && !answer.headers.has('cross-origin-opener-policy')
  if (!isOfUpstream) expectHardened(answer)
  const { code, fields } = isOfUpstream
    ? { code: null, fields: [] }
    : readProblem(answer, sent.method, about)
  expectSecrecy(sent, answer, about)
  // A conflict is found by a statement that then changes nothing.
  if (code !== null && code !== 'conflict') expect(written(watch.calls), about).toEqual([])
  return { ...answer, code, fields }
}

const isProblem = ({ headers }: { headers: Headers }) =>
  headers.get('content-type') === 'application/problem+json'

function readProblem(
  answer: { status: number; headers: Headers; text: string },
  method: string,
  about: string,
): { code: string | null; fields: string[] } {
  if (answer.status < 400) return { code: null, fields: [] }
  expect(isProblem(answer), about).toBe(true)
  if (method === 'HEAD') return { code: null, fields: [] }
  // Introspection adds RFC 6749's `error`.
  const { error: _oauth, ...problem } = JSON.parse(answer.text)
  const { code, errors, key_id, replaced_by } = problem
  expect(Object.keys(problems), about).toContain(code)
  const [status, title] = problems[code as ProblemCode]
  expect(problem, about).toEqual({
    ...{ type: problemType(code), title, status, code },
    detail: expect.stringMatching(/./),
    request_id: answer.headers.get('x-request-id'),
    ...(errors !== undefined && { errors: expect.any(Array) }),
    // Extension members of conflicts.
    ...(code === 'conflict' && { key_id, replaced_by }),
  })
  expect(status, about).toBe(answer.status)
  if (code === 'invalid_request') expect(errors?.length, about).toBeGreaterThan(0)
  if (status === 401) expect(answer.headers.get('www-authenticate'), about).toMatch(/^B/)
  expect(answer.text.length, about).toBeLessThan(20_000)
  for (const error of errors ?? []) {
    expect(error, about).toEqual({ path: expect.any(String), message: expect.stringMatching(/./) })
  }
  return { code, fields: (errors ?? []).map(({ path }: { path: string }) => path) }
}

/** The value of each credential that a request presents. */
export function secretsOf({ headers }: Sent): string[] {
  const { authorization = '', cookie = '' } = headers
  const session = decodeURIComponent(/session_token=([^;]+)/.exec(cookie)?.[1] ?? '')
  return [authorization.replace(/^\w+ /, ''), headers['x-api-key'] ?? '', session].filter(
    (secret) => secret.length > 15,
  )
}

const tokens =
  /whm_[0-9a-f]{30}|wacrm_live_\w{30}|whsec_[\w+/]{20}|"eyJ[\w-]{20}|session_token=[^;]{20}/

/** No credential comes back, and no cache keeps what holds a new one. */
function expectSecrecy(
  sent: Sent,
  { headers, text }: Omit<Answer, 'code' | 'fields'>,
  about: string,
) {
  const lines = [...headers].map(([name, value]) => `${name}: ${value}`)
  const all = [text, ...lines].join('\n')
  // A session that is used longer is set again.
  const quoted = [text, ...lines.filter((line) => !line.startsWith('set-cookie'))].join('\n')
  for (const secret of secretsOf(sent)) {
    expect(decoded(quoted).includes(secret), `A credential came back. ${about}`).toBe(false)
  }
  // The document has a made-up token as an example.
  if (!sent.path.startsWith('/openapi.json') && tokens.test(all))
    expect(headers.get('cache-control') ?? '', about).toContain('no-store')
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}

/** What a refusal may write: counts of attempts, a session that is used, the fence of a region that is new. */
const ofGuards = /\b(?:INTO|UPDATE|FROM)\s+[\\"]*(?:attempt|fence|session)\b/i

/** The statements that change a table. */
export function written(calls: readonly Call[]): string[] {
  return calls
    .filter(({ where }) => where.startsWith('D1.'))
    .map(({ what }) => what)
    .filter((what) => /\b(INSERT|UPDATE|DELETE|REPLACE)\b/i.test(what) && !ofGuards.test(what))
}
