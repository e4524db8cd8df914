// Requests of the dashboard: nothing is made twice, and what keeps one from its answer is mended once.
import { afterEach, beforeEach, expect, it, vi } from 'vitest'

type Modules = {
  client: typeof import('../../src/dashboard/api/client.ts')
  auth: typeof import('../../src/dashboard/api/better-auth.ts')
  questions: typeof import('../../src/dashboard/api/questions.ts')
}

async function loadPage(): Promise<Modules> {
  vi.resetModules()
  return {
    client: await import('../../src/dashboard/api/client.ts'),
    auth: await import('../../src/dashboard/api/better-auth.ts'),
    questions: await import('../../src/dashboard/api/questions.ts'),
  }
}

type Sent = { path: string; key: string | null }
type Answer = Response | Error

let sent: Sent[] = []
let answers: Answer[] = []
let storage = new Map<string, string>()

const success = () => Response.json({ status: 'success', data: {} })
const refusal = (status: number, code = 'any') => Response.json({ code }, { status })
const noAnswer = () => new TypeError('Failed to fetch')

beforeEach(() => {
  sent = []
  answers = []
  storage = new Map()
  vi.useFakeTimers()
  vi.stubGlobal('sessionStorage', {
    getItem: (name: string) => storage.get(name) ?? null,
    setItem: (name: string, value: string) => storage.set(name, value),
  })
  vi.stubGlobal('fetch', async (path: string, init: RequestInit) => {
    if (path === '/healthz') return success()
    sent.push({ path, key: new Headers(init.headers).get('idempotency-key') })
    const answer = answers.shift() ?? success()
    if (answer instanceof Error) throw answer
    return answer
  })
})

afterEach(() => {
  vi.unstubAllGlobals()
  vi.useRealTimers()
})

/** The code of the problem with which a request ends; null: it succeeds. */
async function outcome(request: Promise<unknown>): Promise<string | null> {
  const settled = request.then(
    () => null,
    (problem: { code: string }) => problem.code,
  )
  await vi.advanceTimersByTimeAsync(5_000)
  return settled
}

const create = ({ client }: Modules, name: string) =>
  outcome(client.management['api-keys'].$post({ json: { name } }))

const keys = () => sent.map(({ key }) => key)

it('each request that makes something has a value of its own', async () => {
  const page = await loadPage()
  await create(page, 'One')
  await create(page, 'One')
  await create(page, 'Two')
  expect(new Set(keys()).size).toBe(3)
  expect(keys()).not.toContain(null)
})

it('a request whose answer is lost is sent again with its value', async () => {
  const page = await loadPage()
  answers = [noAnswer(), success()]
  expect(await create(page, 'One')).toBeNull()
  expect(sent).toHaveLength(2)
  expect(new Set(keys()).size).toBe(1)
})

it.each([
  ['without an answer', () => [noAnswer(), noAnswer()]],
  ['while the answer is not known', () => [refusal(503), refusal(503)]],
  [
    'when the answer is cut after its headers',
    () => {
      const cut = () =>
        new Response(new ReadableStream({ start: (body) => body.error(noAnswer()) }), {
          status: 201,
        })
      return [cut(), cut()]
    },
  ],
])('a wish lasts %s, also through a reload', async (_, lost) => {
  answers = lost()
  expect(await create(await loadPage(), 'One')).not.toBeNull()
  answers = [refusal(409, 'conflict')]
  expect(await create(await loadPage(), 'One')).toBe('conflict')
  expect(sent).toHaveLength(3)
  expect(new Set(keys()).size).toBe(1)
  await create(await loadPage(), 'One')
  expect(new Set(keys()).size, 'it was answered').toBe(2)
})

it('what a request contains is not stored', async () => {
  answers = [noAnswer(), noAnswer()]
  await create(await loadPage(), 'A telling name')
  const [[, text] = []] = [...storage]
  expect(text).toContain(keys()[0])
  expect(text).not.toContain('telling')
})

it('of a request with a password nothing is kept, and it is sent once', async () => {
  const { auth, client } = await loadPage()
  answers = [noAnswer(), noAnswer()]
  await outcome(auth.authPost('sign-in/email', { email: 'a@b.test', password: 'secret' }))
  await outcome(
    client.fetchOrProblem('/api/invitations/1/accept', { method: 'POST', body: 'secret' }),
  )
  expect(keys()).toEqual([null, null])
  expect(storage.size).toBe(0)
})

it('invitations have a value, other requests to Better Auth have none', async () => {
  const { auth } = await loadPage()
  await outcome(auth.authPost('organization/invite-member', { email: 'a@b.test' }))
  await outcome(auth.authPost('organization/remove-member', { memberIdOrEmail: '1' }))
  expect(keys()).toEqual([expect.any(String), null])
})

it('what reads or changes by itself is not sent again', async () => {
  const { client } = await loadPage()
  for (const method of ['GET', 'PATCH', 'DELETE']) {
    answers = [noAnswer()]
    const request = client.fetchOrProblem('/api/api-keys/1', { method })
    expect(await outcome(request)).toBe('unreachable')
  }
  expect(keys()).toEqual([null, null, null])
})

it('a session that ended is asked for once for all requests, which then go on', async () => {
  const { client, questions } = await loadPage()
  const ask = vi.fn(async () => true)
  questions.signInAgain.register(ask)
  answers = [refusal(401), refusal(401)]
  const read = () => outcome(client.fetchOrProblem('/api/scopes'))
  expect(await Promise.all([read(), read()])).toEqual([null, null])
  expect(ask).toHaveBeenCalledOnce()
  expect(sent).toHaveLength(4)
})

it('who does not sign in again, or is refused again, gets the 401', async () => {
  const { client, questions } = await loadPage()
  const read = () => outcome(client.fetchOrProblem('/api/scopes'))
  questions.signInAgain.register(async () => false)
  answers = [refusal(401, 'missing_credential')]
  expect(await read()).toBe('missing_credential')
  questions.signInAgain.register(async () => true)
  answers = [refusal(401, 'missing_credential'), refusal(401, 'missing_credential')]
  expect(await read()).toBe('missing_credential')
  expect(sent).toHaveLength(3)
})

it('a wrong password asks for no other session', async () => {
  const { auth, questions } = await loadPage()
  const ask = vi.fn(async () => true)
  questions.signInAgain.register(ask)
  for (const path of ['sign-in/email', 'factor', 'sign-in/passkey']) {
    answers = [refusal(401, 'invalid_token')]
    expect(await outcome(auth.authPost(path))).toBe('invalid_token')
  }
  expect(ask).not.toHaveBeenCalled()
})

it('what changed something is told, and what only reads is not', async () => {
  const page = await loadPage()
  const told = vi.fn()
  page.client.changes.on(told)
  await outcome(page.client.fetchOrProblem('/api/scopes'))
  answers = [refusal(400)]
  await create(page, '')
  expect(told).not.toHaveBeenCalled()
  await create(page, 'One')
  expect(told).toHaveBeenCalledOnce()
})
