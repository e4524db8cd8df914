// Every operation, by an owner whose proof is old: those whose declared security needs step-up wait for it, and no other.
import { env } from 'cloudflare:workers'
import { expect, it, vi } from 'vitest'
import { createDocument } from '../../src/http/openapi/document.ts'
import { permissionsOf } from '../../src/http/openapi/permissions.ts'
import { credentialOf, openWorld } from '../support/permission-matrix.ts'
import { requestOf } from '../support/permission-requests.ts'
import { createTestApp, jwtFor } from '../support/test-app.ts'

vi.spyOn(console, 'error').mockImplementation(() => {})

const app = await createTestApp({ bindings: { SIGN_IN_PER_MINUTE: '100000' as never } })
const document = createDocument(app.isolate, env.BASE_URL)
const permissions = permissionsOf(document, [])
const world = await openWorld(app)
const staleMs = Date.now() - 11 * 60_000

const guarded = permissions.filter(({ who }) => /, step-up$/.test(who))
const rest = permissions.filter((row) => !guarded.includes(row))
type Row = (typeof permissions)[number]

async function codeOf(row: Row, caller: 'owner' | 'jwt'): Promise<string> {
  const isOfPlatform = row.path.startsWith('/api/accounts')
  const sender = isOfPlatform ? 'platformOwner' : caller
  const { path, headers, body } = await requestOf(document, world, row, sender)
  const all: Record<string, string> = { ...(await credentialOf(world, sender)), ...headers }
  if (caller === 'jwt') {
    delete all.cookie
    const { owner, id } = isOfPlatform ? world.platform : world.acme
    all.authorization = `Bearer ${await jwtFor(owner.id, id, staleMs)}`
  }
  await env.DB.prepare('UPDATE session SET proved_at = ?').bind(staleMs).run()
  const answer = await app.request(row.method, path, {
    headers: all,
    ...(body !== undefined && { body }),
  })
  return answer.body?.code ?? String(answer.status)
}

it.each(guarded.map((row) => [`${row.method} ${row.path}`, row] as const))(
  '%s waits for step-up',
  async (_, row) => {
    expect(await codeOf(row, 'owner')).toBe('step_up_required')
    // What is of a session only refuses a JWT.
    const isOfSession = row.path.startsWith('/api/auth/')
    expect(await codeOf(row, 'jwt')).toBe(isOfSession ? 'forbidden' : 'step_up_required')
  },
)

it('these operations do', () => {
  expect(guarded.map(({ method, path }) => `${method} ${path}`).sort()).toEqual([
    'DELETE /api/accounts/{id}',
    'DELETE /api/auth/factors/passkeys/{id}',
    'DELETE /api/auth/factors/totp',
    'DELETE /api/auth/links/{id}',
    'GET /api/account/export',
    'PATCH /api/account',
    'PATCH /api/accounts/{id}',
    'PATCH /api/auth/factors/passkeys/{id}',
    'POST /api/account/deletion',
    'POST /api/accounts',
    'POST /api/accounts/{id}/owner-invitation',
    'POST /api/accounts/{id}/resume',
    'POST /api/accounts/{id}/suspend',
    'POST /api/api-keys/import',
    'POST /api/auth/factors/passkeys',
    'POST /api/auth/factors/passkeys/options',
    'POST /api/auth/factors/recovery-codes',
    'POST /api/auth/factors/totp',
    'POST /api/auth/factors/totp/confirm',
    'POST /api/auth/links',
    'POST /api/members/{user_id}/reset-link',
  ])
})

it.each(rest.map((row) => [`${row.method} ${row.path}`, row] as const))(
  '%s does not',
  async (_, row) => {
    for (const caller of ['owner', 'jwt'] as const) {
      expect(await codeOf(row, caller)).not.toBe('step_up_required')
    }
  },
)
