// Latchkey-Account as the OpenAPI document declares it: where it is declared the request acts in the account that it names, and
// one that is none of the caller's is not found.
import { describe, expect, it, vi } from 'vitest'
import type { Operation } from '../../src/http/openapi/document.ts'
import { judgeAnswer } from '../support/contract.ts'
import { openEverything } from '../support/every-route/routes.ts'

vi.spyOn(console, 'error').mockImplementation(() => {})

const all = await openEverything()
const declares = ({ parameters = [] }: Operation) =>
  parameters.filter((each) => 'name' in each && each.name === 'Latchkey-Account').length

const documented = all.routes.flatMap(({ operation, ...route }) =>
  operation === null ? [] : [{ ...route, operation }],
)
const open = documented.filter(({ operation, isClosed }) => declares(operation) > 0 && !isClosed)

it('is declared once by every operation of management, and by no other', () => {
  const schemesOf = ({ security = [] }: Operation) =>
    security.flatMap((each) => Object.values(each))
  const isManaging = ({ operation, path }: (typeof documented)[number]) =>
    path.startsWith('/api/auth/organization/') ||
    schemesOf(operation).some((needs) =>
      needs.some((need) => ['keys:manage', 'platform:manage', 'owner', 'admin'].includes(need)),
    )
  for (const route of documented) {
    const managing = isManaging(route) && !route.path.startsWith('/api/v1/')
    expect([route.name, declares(route.operation)]).toEqual([route.name, managing ? 1 : 0])
  }
  expect(open.length).toBeGreaterThan(50)
})

it.each(open.map((route) => [route.name, route] as const))('%s', async (name, route) => {
  const sample = await all.sampleOf(route)
  const naming = (id: string) =>
    all.send(route, { ...sample, headers: { ...sample.headers, 'latchkey-account': id } })
  const foreign = await naming(crypto.randomUUID())
  expect([foreign.status, foreign.text]).toEqual([404, expect.stringContaining('not_found')])
  judgeAnswer(all.document, name, route.operation, foreign)
  // Its sample is of an account that may go.
  if (name === 'POST /api/account/deletion') return
  const isOfPlatform = /^\/api\/(accounts|status)/.test(route.path)
  const own = await naming((isOfPlatform ? all.world.platform : all.world.acme).id)
  expect(own.status, own.text).not.toBe(404)
})

const takesKey = ({ security = [] }: Operation) => security.some(({ apiKey }) => apiKey)
const ofKeys = all.routes.filter(({ section, operation, isClosed }) => {
  if (section === 'gateway') return !isClosed
  return operation !== null && !isClosed && declares(operation) === 0 && takesKey(operation)
})

describe('another account than that of the key', () => {
  it('can be named at each operation for keys outside of management', () => {
    const paths = ofKeys.map(({ path }) => path)
    const some = ['/api/v1/me', '/api/v1/keys/verify', '/api/v1/introspect', '/api/contacts']
    expect(paths).toEqual(expect.arrayContaining(some))
    expect(paths.some((path) => path.startsWith('/forward-auth/'))).toBe(true)
  })

  it.each(ofKeys.map((route) => [route.name, route] as const))('%s', async (_, route) => {
    const sample = await all.sampleOf(route)
    const naming = (id: string) =>
      all.send(route, { ...sample, headers: { ...sample.headers, 'latchkey-account': id } })
    // Proxies understand a 403, and no 404.
    const refused = route.path.startsWith('/forward-auth/') ? 403 : 404
    const detail = 'There is no such account.'
    for (const id of [all.world.globex.id, crypto.randomUUID(), 'none', '']) {
      const { status, text } = await naming(id)
      expect([id, status, text]).toEqual([id, refused, expect.stringContaining(detail)])
    }
    const own = await naming(all.world.acme.id)
    expect(own.status, own.text).not.toBe(403)
    expect(own.text).not.toContain(detail)
  })
})
