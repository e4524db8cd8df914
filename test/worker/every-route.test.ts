// Every route, whatever section it is in: its methods, its parameters, its ids. The list is made from the OpenAPI
// document, Better Auth's endpoints, the policies and the pages, so that a new route is in it by itself.
import { describe, expect, it, vi } from 'vitest'
import { createApp } from '../../src/http/app.ts'
import { documentedRouters } from '../../src/http/openapi/document.ts'
import { createDocuments } from '../../src/http/openapi/routes.ts'
import { attempt } from '../support/every-route/answers.ts'
import { type EveryRoute, openEverything, type Sent } from '../support/every-route/routes.ts'

vi.spyOn(console, 'error').mockImplementation(() => {})

const all = await openEverything()
const { routes, sampleOf, theirs } = all
const named = (chosen: EveryRoute[]) => chosen.map((route) => [route.name, route] as const)
const send = (route: EveryRoute, sent: Sent, what: string) => attempt(all, route, sent, what)
const uuid = /[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}/g

describe('the list of routes', () => {
  it('has every route of every router', () => {
    const routers = [createApp, createDocuments, ...documentedRouters]
    const registered = routers.flatMap(
      (create) => create(all.app.isolate).routes as { method: string; path: string }[],
    )
    const exact = registered
      .filter(({ method }) => method !== 'ALL')
      .map(({ method, path }) => `${method} ${path.replace(/:(\w+)/g, '{$1}')}`)
      // /dev/mail exists in development only.
      .filter((name) => name !== 'GET /docs/*' && !name.startsWith('GET /dev/'))
    const missing = exact.filter((name) => !routes.some((route) => route.name === name))
    expect(missing).toEqual([])
    const starts = registered
      .filter(({ method, path }) => method === 'ALL' && path !== '/*')
      .map(({ path }) => path.replace(/\/?\*$/, '').replace(/:(\w+)/g, '{$1}'))
    const empty = starts.filter(
      (start) => !routes.some(({ path }) => `${path}/`.startsWith(`${start}/`)),
    )
    expect(empty).toEqual([])
    expect(routes.length).toBeGreaterThan(80)
  })

  it.each(named(routes))('has a request that succeeds: %s', async (_, route) => {
    const { status, text } = await send(route, await sampleOf(route), 'The sample')
    if (route.isClosed) return expect(status).toBe(403)
    if (conflicts.includes(route.name)) return expect(status).toBe(409)
    // The API behind the gateway has nothing of that id, and a schema of its own.
    if (route.section === 'gateway') return expect([200, 201, 204, 400, 404]).toContain(status)
    const expected = isRedirect(route) ? [302] : [200, 201, 202, 204]
    expect(expected, text).toContain(status)
  })
})

/** There is an account, changes go on, the key of the sample has no credits, and there is no mail. */
const conflicts = [
  'POST /api/setup',
  'POST /api/auth/send-confirmation',
  'POST /api/operations/fences/reset',
  'POST /api/api-keys/{id}/credits',
]

/** A page of the dashboard, whatever the request. */
const isRedirect = ({ path }: EveryRoute) => path === '/api/auth/callback/{provider}'

const isProxied = ({ section, path }: EveryRoute) =>
  section === 'gateway' || path.startsWith('/forward-auth/')
const ours = routes.filter((route) => !isProxied(route))

describe('another method than those of the path', () => {
  const methods = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'PURGE', 'QUERY']
  const byPath = Map.groupBy(ours, ({ path }) => path)

  it.each([...byPath])(
    'is 405 with exactly those in Allow, without a credential: %s',
    async (_, of) => {
      const [route] = of as [EveryRoute]
      const has = new Set(
        of.flatMap(({ method }) => (method === 'GET' ? ['GET', 'HEAD'] : [method])),
      )
      const { path } = await sampleOf(route)
      for (const method of methods.filter((each) => !has.has(each))) {
        const answer = await send(route, { method, path, headers: {} }, method)
        expect([method, answer.status]).toEqual([method, 405])
        expect(answer.code).toBe(method === 'HEAD' ? null : 'method_not_allowed')
        expect(answer.headers.get('allow')).toBe([...has].sort().join(', '))
      }
    },
  )
})

describe('a query parameter that the operation does not know', () => {
  const token = `whm_${'0123456789abcdef'.repeat(2)}`
  const withQuery = (sent: Sent, query: string) => ({
    ...sent,
    path: `${sent.path}${sent.path.includes('?') ? '&' : '?'}${query}`,
  })
  const strict = ours.filter(({ ignoresUnknown, isClosed }) => !ignoresUnknown && !isClosed)

  it.each(named(strict))('is a 400 that names it: %s', async (_, route) => {
    const sample = await sampleOf(route)
    const answer = await send(route, withQuery(sample, 'surprise=1'), 'A parameter')
    expect([answer.status, answer.code, answer.fields]).toEqual([
      ...[400, 'invalid_request'],
      expect.arrayContaining(['query.surprise']),
    ])
    const nameless = await send(route, withQuery(sample, '=1'), 'No name')
    expect([nameless.status, nameless.fields]).toEqual([400, expect.arrayContaining(['query.'])])
    const quoted = await send(route, withQuery(sample, `${token}=${token}`), 'A token')
    expect([quoted.status, quoted.text.includes(token)]).toEqual([400, false])
    const long = await send(route, withQuery(sample, `${'x'.repeat(60_000)}=1`), 'A long name')
    expect(long.status).toBe(400)
  })

  it.each(named(routes.filter(({ ignoresUnknown }) => ignoresUnknown)))(
    'is ignored where the protocol is of others: %s',
    async (_, route) => {
      const { status } = await send(route, await sampleOf(route), 'The sample')
      for (const query of ['surprise=1', '=1', `x=${'y'.repeat(60_000)}`]) {
        const answer = await send(route, withQuery(await sampleOf(route), query), 'A parameter')
        expect(answer.status).toBe(status)
      }
    },
  )
})

describe('an id', () => {
  const withParameter = named(ours.filter(({ path }) => path.includes('{id}')))
  const changed = (sent: Sent, change: (id: string) => string): Sent => ({
    ...sent,
    path: sent.path.replace(uuid, change),
    ...(typeof sent.body === 'string' && { body: sent.body.replace(uuid, change) }),
  })
  const volatile = /"(?:ms|oldest\w*|checked_at)":[^,}]*/g
  const plain = ({ text }: { text: string }) => ({ ...JSON.parse(text), request_id: null })

  it.each(named(ours))('in capitals is the same id: %s', async (_, route) => {
    const sample = await sampleOf(route)
    const lower = await send(route, sample, 'Lower case')
    if (route.method === 'GET' && lower.status === 200) {
      const upper = changed(sample, (id) => id.toUpperCase())
      if (upper.path === sample.path) return
      const { text } = await send(route, upper, 'The same in capitals')
      return expect(text.replace(volatile, '')).toBe(lower.text.replace(volatile, ''))
    }
    const upper = changed(await sampleOf(route), (id) => id.toUpperCase())
    const capital = await send(route, upper, 'Capitals')
    expect([capital.status, capital.code]).toEqual([lower.status, lower.code])
  })

  // The id of an invitation is its credential, and the platform has all accounts (docs/permissions.md).
  const ofOneAccount = withParameter.filter(
    ([name]) => !/\/api\/(invitations|accounts)\//.test(name),
  )
  it.each(ofOneAccount)('of another account is an unknown one: %s', async (_, route) => {
    const sample = await sampleOf(route)
    const other = { ...sample, path: (await sampleOf(route, theirs)).path }
    const unknown = changed(sample, () => crypto.randomUUID())
    const answers = [await send(route, other, 'Theirs'), await send(route, unknown, 'Unknown')]
    expect(answers.map(({ status, code }) => [status, code])).toEqual([
      [404, 'not_found'],
      [404, 'not_found'],
    ])
    expect(plain(answers[0] as { text: string })).toEqual(plain(answers[1] as { text: string }))
  })

  it.each(withParameter)('that is none is not found: %s', async (_, route) => {
    const sample = await sampleOf(route)
    const id = uuid.exec(sample.path)?.[0] ?? ''
    uuid.lastIndex = 0
    const wrong = [
      ...['nonsense', '0', '%20', '%F0%9F%91%8D', id.replaceAll('-', ''), `${id}0`, `{${id}}`],
      ...[`urn:uuid:${id}`, `${id};a=b`, `${id}%25`, `${id}%23`, '__proto__', 'x'.repeat(64_000)],
    ]
    for (const text of wrong) {
      const answer = await send(
        route,
        changed(sample, () => text),
        text.slice(0, 60),
      )
      expect([text.slice(0, 60), answer.status, answer.code]).toEqual([
        ...[text.slice(0, 60), 404, 'not_found'],
      ])
    }
  })
})
