// Every POST that makes or spends something takes an Idempotency-Key. One that takes none is named here, with the reason.
import { env } from 'cloudflare:workers'
import { describe, expect, it } from 'vitest'
import { authEndpoints } from '../../src/http/management/people/auth-endpoints.ts'
import { createDocument, operationsOf } from '../../src/http/openapi/document.ts'
import { createIsolate, systemClock } from '../../src/worker/context.ts'
import config from '../support/latchkey.config.ts'
import { retried } from '../support/retried-routes.ts'

const document = createDocument(createIsolate(config, systemClock), env.BASE_URL)

const readsOnly = 'reads only'
const endsInOneState = 'ends in one state, however often it is sent'

/** Operations by POST that are safe to repeat without the header. */
const exceptions: Record<string, string> = {
  lookUpKey: readsOnly,
  explainKey: readsOnly,
  revokeKeys: endsInOneState,
  deleteAccount: endsInOneState,
  suspendAccount: endsInOneState,
  resumeAccount: endsInOneState,
  verifyKey: 'spends once for the idempotencyKey in its body',
  verifyKeys: 'spends once for the idempotencyKey of each token in its body',
  introspect: 'spends as any use of a key does; RFC 7662 has no such header',
  resendWebhookDelivery: 'keeps the webhook-id, by which receivers drop repeats',
  beginPortalSession: 'works once for each code',
  setUp: 'works once',
  acceptInvitation: 'works once for each invitation',
  resetFences: endsInOneState,
  reportGithubLeaks: endsInOneState,
}

/** Endpoints of Better Auth. */
const authExceptions: Record<string, string> = {
  '/sign-in/email': 'each sign-in is a session of its own, which ends with it',
  '/sign-up/email': 'closed',
  '/sign-out': endsInOneState,
  '/change-password': 'needs the current password, which a repeat no longer has',
  '/update-user': endsInOneState,
  '/organization/set-active': endsInOneState,
  '/organization/has-permission': readsOnly,
  '/organization/leave': endsInOneState,
  '/organization/cancel-invitation': endsInOneState,
  '/organization/remove-member': endsInOneState,
  '/organization/update-member-role': endsInOneState,
  '/organization/update': endsInOneState,
  '/organization/accept-invitation': 'works once for each invitation',
  '/organization/reject-invitation': endsInOneState,
}

/** Of callers who are no people: called by test/worker/portal-retries.test.ts. */
const ofPortal = ['createPortalSession', 'createPortalKey', 'rotatePortalKey']

type Parameter = { name?: string; in?: string }

describe('every POST', () => {
  const posts = operationsOf(document).filter(
    ({ method, path }) => method === 'post' && !path.startsWith('/api/auth/'),
  )
  const takesHeader = ({ parameters = [] }: { parameters?: unknown[] }) =>
    (parameters as Parameter[]).some(
      (each) => each.in === 'header' && each.name === 'Idempotency-Key',
    )
  const names = (operations: typeof posts) =>
    operations.map(({ operation }) => operation.operationId ?? '').sort()

  it('of the OpenAPI document takes an Idempotency-Key, or is an exception with a reason', () => {
    const others = posts.filter(({ operation }) => !takesHeader(operation))
    expect(names(others)).toEqual(Object.keys(exceptions).sort())
  })

  it('that takes one is called by test/worker/idempotency.test.ts, and answers 422 for another payload', () => {
    const taking = posts.filter(({ operation }) => takesHeader(operation))
    const called = [...Object.keys(retried), ...ofPortal]
    expect([...names(taking), 'inviteMember'].sort()).toEqual(called.sort())
    for (const { operation } of taking) expect(operation.responses).toHaveProperty('422')
  })

  it('of Better Auth takes one, or is an exception with a reason', () => {
    const open = Object.entries(authEndpoints).filter(([name]) => name.startsWith('POST '))
    const path = ([name]: [string, unknown]) => name.slice('POST '.length)
    const taking = open.filter(([, { isIdempotent }]) => isIdempotent === true)
    expect(taking.map(path)).toEqual(['/organization/invite-member'])
    const others = open.filter(([, { isIdempotent }]) => isIdempotent !== true)
    expect(others.map(path).sort()).toEqual(Object.keys(authExceptions).sort())
  })

  it('and every change of one key takes If-Match', () => {
    const taking = operationsOf(document).filter(({ operation }) =>
      ((operation.parameters ?? []) as Parameter[]).some(({ name }) => name === 'If-Match'),
    )
    const ofOneKey = taking.map(({ method, path }) => `${method} ${path}`)
    expect(ofOneKey.sort()).toEqual([
      'delete /api/api-keys/{id}',
      'delete /api/v1/portal/keys/{id}',
      'patch /api/api-keys/{id}',
      'patch /api/v1/portal/keys/{id}',
      'post /api/api-keys/{id}/rotate',
      'post /api/v1/portal/keys/{id}/rotate',
    ])
  })
})
