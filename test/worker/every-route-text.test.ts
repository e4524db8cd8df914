// Every route with the largest text in each header that any code reads, each query parameter and each segment.
import { describe, expect, it, vi } from 'vitest'
import { attempt } from '../support/every-route/answers.ts'
import { parametersOf } from '../support/every-route/positions.ts'
import { type EveryRoute, openEverything, type Sent } from '../support/every-route/routes.ts'

vi.spyOn(console, 'error').mockImplementation(() => {})
vi.spyOn(console, 'warn').mockImplementation(() => {})

const all = await openEverything()
const { routes, sampleOf } = all
const named = (chosen: EveryRoute[]) => chosen.map((route) => [route.name, route] as const)
const send = (route: EveryRoute, sent: Sent, what: string) => attempt(all, route, sent, what)

declare global {
  interface ImportMeta {
    glob(pattern: string, options: object): Record<string, string>
  }
}

/** The sources, so that a header which new code reads is tried by itself. */
const sources = import.meta.glob('../../src/{http,identity,contract,keys,storage}/**/*.ts', {
  query: '?raw',
  import: 'default',
  eager: true,
})

const read = Object.values(sources).flatMap((source) =>
  [...source.matchAll(/(?:headers?|sent)\)?\.?(?:get|has)?\('([A-Za-z][\w-]+)'\)/g)].map(
    ([, name]) => (name ?? '').toLowerCase(),
  ),
)
const declared = routes.flatMap(({ operation }) =>
  (operation?.parameters ?? []).flatMap((each) =>
    'name' in each && each.in === 'header' ? [each.name.toLowerCase()] : [],
  ),
)
const usual = ['accept', 'cookie', 'referer', 'user-agent', 'if-match', 'x-forwarded-for']
const headers = [...new Set([...read, ...declared, ...usual])]
  // The length is the runtime's to say, and an upgrade makes another protocol of it.
  .filter((name) => !['content-length', 'upgrade', 'connection'].includes(name))
const size = 64 * 1024

describe('a header of 64 kB', () => {
  it('is tried for each header that the code reads', () => {
    const known = ['authorization', 'content-encoding', 'content-type', 'idempotency-key', 'prefer']
    expect(headers).toEqual(expect.arrayContaining([...known, 'x-api-key', 'x-original-uri']))
    expect(headers.length).toBeGreaterThan(20)
  })

  // Routes of one policy have one handler.
  const some = routes.filter(({ section }, at) => section !== 'gateway' || at % 8 === 0)
  const alone = ['authorization', 'x-api-key', 'cookie', 'content-type', 'content-encoding']
  const others = headers.filter((name) => !alone.includes(name))
  const groups = [
    ...alone.map((name) => [name]),
    ...Array.from({ length: Math.ceil(others.length / 8) }, (_, at) =>
      others.slice(at * 8, at * 8 + 8),
    ),
  ]

  it.each(named(some))('gets an answer, whichever it is: %s', async (_, route) => {
    const sample = await sampleOf(route)
    const values = ['a'.repeat(size), `Bearer ${' '.repeat(size)}x`]
    for (const group of groups) {
      for (const value of group[0] === 'authorization' ? values : values.slice(0, 1)) {
        const large = Object.fromEntries(group.map((name) => [name, value]))
        await send(route, { ...sample, headers: { ...sample.headers, ...large } }, group.join())
      }
    }
  })
})

describe('a query parameter of 60,000 letters', () => {
  const strict = routes.filter(({ ignoresUnknown }) => !ignoresUnknown)
  it.each(named(strict.filter((route) => parametersOf(route).length > 0)))(
    'is refused by name: %s',
    async (_, route) => {
      const sample = await sampleOf(route)
      for (const name of parametersOf(route)) {
        const [pathname, query] = sample.path.split('?')
        const parameters = new URLSearchParams(query)
        parameters.set(name, 'n'.repeat(60_000))
        const path = `${pathname}?${parameters}`
        const answer = await send(route, { ...sample, path }, name)
        expect([name, answer.status, answer.fields]).toEqual([name, 400, [`query.${name}`]])
      }
    },
  )
})

describe('a segment of 64 kB', () => {
  it.each(named(routes))('names nothing: %s', async (_, route) => {
    const sample = await sampleOf(route)
    const segments = sample.path.split('?')[0]?.split('/') ?? []
    for (const at of segments.keys()) {
      if (at === 0) continue
      const path = segments.with(at, 'n'.repeat(size)).join('/')
      // Below /api/ it may be a path of the API behind the gateway, which answers as it likes.
      const of = path.startsWith('/api/') ? { ...route, section: 'gateway' as const } : route
      const { status } = await send(of, { ...sample, path }, `Segment ${at}`)
      const isOfPolicy = path.startsWith('/api/') || path.startsWith('/forward-auth/envoy/')
      expect(isOfPolicy ? [200, 400, 401, 403, 404, 405] : [404], path.slice(0, 60)).toContain(
        status,
      )
    }
  })
})
