// Every route is called by every kind of caller, and responds as docs/permissions.md states: that table is
// generated from what the routes declare, and this test calls them.
import { env } from 'cloudflare:workers'
import { betterAuth } from 'better-auth/minimal'
import { jwt } from 'better-auth/plugins/jwt'
import { organization } from 'better-auth/plugins/organization'
import { describe, expect, it, vi } from 'vitest'
import { authEndpoints } from '../../src/http/management/people/auth-endpoints.ts'
import { createDocument } from '../../src/http/openapi/document.ts'
import {
  type Caller,
  type Cell,
  callers,
  permissionsOf,
} from '../../src/http/openapi/permissions.ts'
import { expectHardened } from '../support/hardened.ts'
import config from '../support/latchkey.config.ts'
import { credentialOf, openWorld } from '../support/permission-matrix.ts'
import { requestOf } from '../support/permission-requests.ts'
import { createTestApp } from '../support/test-app.ts'

vi.spyOn(console, 'error').mockImplementation(() => {})

const app = await createTestApp({ bindings: { SIGN_IN_PER_MINUTE: '100000' as never } })
const document = createDocument(app.isolate, env.BASE_URL)
const routes = config.policies[config.gateway.policy]?.routes ?? []
const permissions = permissionsOf(document, routes)
const names = Object.keys(callers) as Caller[]
const world = await openWorld(app)
const { acme } = world
const uuid = /[0-9a-f]{8}-[0-9a-f-]{27}/g

// A separate address for each request, so that none is throttled for another.
const someAddress = () => [198, ...crypto.getRandomValues(new Uint8Array(3))].join('.')

/** In the place of a value: a header that is left out. */
const noHeader = ''

type Row = (typeof permissions)[number]

async function send(row: Row, caller: Caller, more: Record<string, string> = {}) {
  const { path, headers, body } = await requestOf(document, world, row, caller)
  const all = { ...(await credentialOf(world, caller)), ...headers, ...more }
  const answer = await app.request(row.method, path, {
    headers: {
      'cf-connecting-ip': someAddress(),
      ...Object.fromEntries(Object.entries(all).filter(([, value]) => value !== noHeader)),
    },
    ...(body !== undefined && { body }),
  })
  const isOfUpstream = row.section === 'gateway' && answer.status !== 401 && answer.status !== 403
  if (!isOfUpstream) expectHardened(answer)
  // RFC 6750 3, and RFC 9110 15.5.2.
  const presents = 'authorization' in all || 'x-api-key' in all
  if (answer.status === 401 || (answer.status === 403 && presents)) {
    const of = `${row.method} ${row.path} of ${caller}`
    expect(answer.headers.get('www-authenticate'), of).toMatch(/^(Bearer|Basic)/)
  }
  return answer
}

/** The table cell that a response corresponds to: anything but a refusal means access. */
function cellOf({ section, path }: Row, { status, text }: { status: number; text: string }): Cell {
  if (status === 401 || status === 403) return status
  // The API behind the gateway may answer 404: it has no such contact.
  if (section === 'gateway') return 'yes'
  if (status === 404) return 404
  const isDone = status < 400 || status === 409
  if (!isDone) throw new Error(`Unexpected ${status} of ${path}: ${text}`)
  return 'yes'
}

/** The owner who may call a route, if any. */
function strongest({ owner, platformOwner }: Row['cells']): Caller | null {
  if (owner === 'yes') return 'owner'
  return platformOwner === 'yes' ? 'platformOwner' : null
}

describe('each route responds to each caller as the table states', () => {
  it.each(permissions.map((row) => [`${row.method} ${row.path}`, row] as const))(
    '%s',
    async (_, row) => {
      const cells: Record<string, Cell> = {}
      for (const caller of names) cells[caller] = cellOf(row, await send(row, caller))
      expect(cells).toEqual(row.cells)
    },
  )
})

describe('in addition to the table', () => {
  it('an operation without declared callers is an error', () => {
    const silent = { ...document, paths: { '/api/new': { get: { responses: {} } } } }
    expect(() => permissionsOf(silent, [])).toThrow('GET /api/new has no security requirement')
  })

  it('no list discloses data to an owner of another account', async () => {
    const ours = JSON.stringify([acme.id, acme.owner.id, acme.admin.id, acme.member.id]).match(uuid)
    for (const row of permissions.filter(({ method }) => method === 'GET')) {
      for (const caller of ['outsider', 'suspended'] as const) {
        const { text } = await send(row, caller)
        for (const id of ours ?? []) expect(text, `${row.path} of ${caller}`).not.toContain(id)
      }
    }
  })

  it('a caller sees no invitation of a role that they may not invite', async () => {
    const headers = await credentialOf(world, 'owner')
    for (const role of ['owner', 'member']) {
      const body = { email: `${role}-to-be@example.test`, role }
      const path = '/api/auth/organization/invite-member'
      expect((await app.request('POST', path, { headers, body })).status).toBe(200)
    }
    const seen = async (caller: Caller) => {
      const path = '/api/auth/organization/get-full-organization'
      return (await app.request('GET', path, { headers: await credentialOf(world, caller) })).text
    }
    expect(await seen('owner')).toContain('owner-to-be@example.test')
    expect(await seen('admin')).toContain('member-to-be@example.test')
    expect(await seen('admin')).not.toContain('owner-to-be@example.test')
    expect(await seen('member')).not.toContain('to-be@example.test')
  })

  it('every open path of Better Auth is listed', async () => {
    const endpoints = betterAuth({
      secret: 'x'.repeat(40),
      baseURL: env.BASE_URL,
      plugins: [jwt(), organization()],
    }).api as unknown as Record<string, { path?: string; options: { method: string | string[] } }>
    const all = Object.values(endpoints).flatMap(({ path, options }) =>
      path === undefined ? [] : [options.method].flat().map((method) => `${method} ${path}`),
    )
    expect(all.length).toBeGreaterThan(50)
    expect(all).toEqual(expect.arrayContaining(Object.keys(authEndpoints)))
    const headers = await credentialOf(world, 'owner')
    // Ours stand in front of Better Auth's own.
    const ours = ['POST /request-password-reset', 'POST /reset-password']
    expect(all).toEqual(expect.arrayContaining(ours))
    const closed = all.filter((each) => !Object.hasOwn(authEndpoints, each) && !ours.includes(each))
    for (const name of closed) {
      const [method = '', path] = name.split(' ')
      const body = method === 'GET' ? {} : { body: {} }
      const answer = await app.request(method, `/api/auth${path}`, { headers, ...body })
      // Ours has its place, and no provider of that name.
      const isListed =
        name === 'POST /callback/:id' ||
        Object.keys(authEndpoints).some((each) => each.endsWith(` ${path}`))
      expect([name, answer.status]).toEqual([name, isListed ? 405 : 404])
    }
  })

  it('an endpoint is reachable at its own path only, however the path is encoded', async () => {
    const headers = await credentialOf(world, 'owner')
    const ways = ['/api/auth//list-sessions', '/api/auth/list%2Dsessions', '/api/auth/token/']
    for (const path of [...ways, '/api/auth/list-sessions?x=/token', '/api/auth/token%2F..']) {
      expect([path, (await app.request('GET', path, { headers })).status]).toEqual([path, 404])
    }
  })

  it.each([
    ['of another site', { origin: 'https://evil.example' }],
    ['of another port', { origin: 'http://localhost:3000' }],
    ['with an opaque origin', { origin: 'null' }],
    [
      'that the browser reports as cross-site',
      { 'sec-fetch-site': 'cross-site', origin: noHeader },
    ],
    ['that the browser reports as same-site', { 'sec-fetch-site': 'same-site', origin: noHeader }],
  ])('no page %s changes anything by the session of an owner', async (_, headers) => {
    const changing = permissions.filter(
      ({ method, cells }) =>
        method !== 'GET' && cells.anonymous === 401 && strongest(cells) !== null,
    )
    expect(changing.length).toBeGreaterThan(10)
    for (const row of changing) {
      const { status, text } = await send(row, strongest(row.cells) ?? 'owner', headers)
      expect([`${row.method} ${row.path}`, status], text).toEqual([
        `${row.method} ${row.path}`,
        403,
      ])
    }
  })
})
