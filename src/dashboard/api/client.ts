// The typed client of the management API. It imports nothing from the Worker but types.
import { type ClientResponse, hc } from 'hono/client'
import type { ManagementApi } from '#worker/management/routes.ts'
import { accountOfPage } from './account.ts'
import { connection } from './connection.ts'
import { earlyAnswer } from './early.ts'
import { ApiProblem, problemOf, unreachable } from './problem.ts'
import { signInAgain, stepUp } from './questions.ts'
import { createSignal } from './signal.ts'
import { wishOf } from './wishes.ts'

/** What a page needs whose account is none of the person's: these are answered alike in every account. */
const ofPerson = new Set(
  ['get-session', 'organization/list', 'sign-out'].map((path) => `/api/auth/${path}`),
)

/** They begin or end a session, so a 401 says nothing of the session of the page. */
const ofSignIn = /^\/api\/(setup|invitations\/|auth\/(sign-in|sign-out|factor$|factor\/))/

/** What makes nothing, and may have a password in its body, of which not even a digest is kept. */
const withoutWish = /^\/api\/(setup|invitations\/|auth\/(?!organization\/invite-member$))/

/** They only read, and may have a token in their body, of which not even a digest is kept. */
const readsByPost = /^\/api\/api-keys\/(explain|lookup)$/

/** After each request that changed something; with the account of the page. */
export const changes = createSignal<string | null>()

/**
 * Resolves with a response of status 2xx whose body has arrived. The only place that sends them, but for streams: each names the account of
 * its page, since another tab may show another account of the same session, and each that makes or spends something has an
 * Idempotency-Key.
 * @throws ApiProblem otherwise
 */
export async function fetchOrProblem(
  ...[input, init]: Parameters<typeof fetch>
): Promise<Response> {
  const { pathname } = new URL(String(input), 'https://latchkey.invalid')
  const method = init?.method ?? 'GET'
  const headers = new Headers(init?.headers)
  const account = accountOfPage()
  if (account !== null && !ofPerson.has(String(input))) headers.set('latchkey-account', account)
  const wish =
    method === 'POST' && !withoutWish.test(pathname) && !readsByPost.test(pathname)
      ? await wishOf(account, String(input), String(init?.body ?? ''))
      : null
  if (wish) headers.set('idempotency-key', wish.key)
  try {
    const response = await sendMended(() => fetchOnce(input, { ...init, headers }), {
      isOfSignIn: ofSignIn.test(pathname),
      isRepeatable: wish !== null,
    })
    wish?.end()
    const isChange = method !== 'GET' && !ofSignIn.test(pathname) && !readsByPost.test(pathname)
    if (isChange) changes.emit(account)
    return response
  } catch (problem) {
    if (problem instanceof ApiProblem && isAnswer(problem)) wish?.end()
    throw problem
  }
}

/** Refused for good: nothing was made, or the answer says what. */
function isAnswer({ status }: ApiProblem): boolean {
  return status >= 400 && status < 500 && status !== 401
}

type Traits = { isOfSignIn: boolean; isRepeatable: boolean }

/** What keeps a request from its answer is mended once each, and the request sent again. */
async function sendMended(send: () => Promise<Response>, traits: Traits): Promise<Response> {
  const mended = new Set<Mend>()
  for (;;) {
    const sentAtMs = Date.now()
    try {
      return await send()
    } catch (problem) {
      const mend = problem instanceof ApiProblem ? mendOf(problem, traits) : null
      if (mend === null || mended.has(mend)) throw problem
      mended.add(mend)
      if (!(await mend(sentAtMs))) throw problem
    }
  }
}

type Mend = (sentAtMs: number) => Promise<boolean>

function mendOf({ code, status }: ApiProblem, { isOfSignIn, isRepeatable }: Traits): Mend | null {
  if (code === 'step_up_required') return stepUp.ask
  if (status === 401 && !isOfSignIn) return signInAgain.ask
  if (isRepeatable && (status === 0 || status === 503)) return pause
  return null
}

const pauseMs = 1_000

const pause: Mend = () => new Promise((resolve) => setTimeout(() => resolve(true), pauseMs))

let reads = new AbortController()

/**
 * Ends what is being read, and reads nothing before `work` is done: where it ends the session, the answers would be those of a
 * session that was lost.
 */
export async function withoutReads<Result>(work: () => Promise<Result>): Promise<Result> {
  reads.abort()
  try {
    return await work()
  } finally {
    reads = new AbortController()
  }
}

async function fetchOnce(...[input, init]: Parameters<typeof fetch>): Promise<Response> {
  const method = init?.method ?? 'GET'
  const early = earlyAnswer(String(input), method)
  const signal = method === 'GET' ? reads.signal : null
  const sent = early ?? fetch(input, { signal, ...init })
  const response = await sent.then(whole).catch((cause: unknown) => {
    if (!signal?.aborted) void isAnswering()
    throw unreachable(cause)
  })
  connection.answered()
  if (!response.ok) throw await problemOf(response)
  return response
}

/** An answer can be cut after its headers: what it says is known only with its body. */
async function whole(response: Response): Promise<Response> {
  const body = await response.arrayBuffer()
  const { status, statusText, headers } = response
  return new Response(body.byteLength > 0 ? body : null, { status, statusText, headers })
}

/** Whether the server answers anything at all: one request may fail by itself. */
export async function isAnswering(): Promise<boolean> {
  try {
    await fetch('/healthz', { cache: 'no-store' })
    connection.answered()
    return true
  } catch {
    connection.lost()
    return false
  }
}

/** The page that a visit would load now. @throws ApiProblem */
export const servedPage = async () => (await fetchOnce('/', { cache: 'no-store' })).text()

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
