// Better Auth's operations of one person: signing in and out, sessions, JWTs.
import { type RouteConfig, z } from '@hono/zod-openapi'
import { factorKinds } from '../../core/factors.ts'
import { maxPasswordLength, minPasswordLength } from '../../identity/password.ts'
import { nameField } from '../routing/fields.ts'
import { failure } from '../routing/responses.ts'
import { time } from '../routing/time.ts'
import { authOperation } from './auth-operation.ts'

const user = z
  .object({
    id: z.uuid(),
    name: z.string(),
    email: z.string(),
    emailVerified: z.boolean(),
    image: z.string().nullable(),
    createdAt: time,
    updatedAt: time,
  })
  .openapi('User')

const session = z.object({
  id: z.uuid(),
  userId: z.uuid(),
  token: z.string(),
  activeOrganizationId: z.uuid().nullable().openapi({ description: 'The account' }),
  ipAddress: z.string().nullable(),
  userAgent: z.string().nullable(),
  place: z.string().nullable(),
  provedAt: time.nullable().openapi({ description: 'The last sign-in or step-up' }),
  signedInWith: z.string().nullable().openapi({ example: 'password+totp' }),
  createdAt: time,
  updatedAt: time,
  expiresAt: time,
})

const flag = z.enum(['true', 'false']).optional()
const password = z.string().min(minPasswordLength).max(maxPasswordLength)

const signIn = authOperation('POST /sign-in/email', {
  operationId: 'signIn',
  summary: 'Sign in; the answer sets the session cookie',
  body: z.strictObject({
    email: z.email(),
    password: z.string(),
    rememberMe: z.boolean().optional().openapi({
      description: 'false: the cookie ends with the browser; true if left out',
    }),
  }),
  answer: [
    'Signed in, or, where a second factor is enrolled, the factors one of which completes it within ten minutes: POST /api/auth/factor',
    z.union([
      z.object({ redirect: z.boolean(), token: z.string(), url: z.string().optional(), user }),
      z.object({ awaits_factor: z.array(z.enum(factorKinds)) }),
    ]),
  ],
})

export const sessionOperations: readonly RouteConfig[] = [
  {
    ...signIn,
    responses: { ...signIn.responses, 401: failure('Wrong e-mail address or password') },
  },
  authOperation('POST /sign-out', {
    operationId: 'signOut',
    summary: 'End the session; its JWTs expire by themselves',
    answer: ['Signed out', z.object({ success: z.boolean() })],
  }),
  authOperation('GET /token', {
    operationId: 'getToken',
    summary: 'A JWT of the signed-in person, valid for 15 minutes',
    answer: ['The JWT', z.object({ token: z.string() })],
  }),
  authOperation('GET /get-session', {
    operationId: 'getSession',
    summary: 'The session of the cookie and its person; null without one',
    query: z.object({ disableCookieCache: flag, disableRefresh: flag }),
    answer: ['The session, or null', z.object({ session, user }).nullable()],
  }),
  authOperation('POST /change-password', {
    operationId: 'changePassword',
    summary: 'Change the password; all other sessions end',
    body: z.strictObject({
      currentPassword: z.string(),
      newPassword: password,
      revokeOtherSessions: z.boolean().optional().openapi({ description: 'Ignored: they end' }),
    }),
    answer: [
      'Changed: the answer sets the cookie of a new session',
      z.object({ token: z.string(), user }),
    ],
  }),
  authOperation('POST /update-user', {
    operationId: 'updateUser',
    summary: 'Change the name of the signed-in person',
    body: z.strictObject({ name: nameField }),
    answer: ['Changed', z.object({ status: z.boolean() })],
  }),
  authOperation('GET /jwks', {
    operationId: 'getKeySet',
    summary: 'The public keys of the JWTs (RFC 7517)',
    answer: [
      'The key set',
      z.object({
        keys: z.array(
          z.object({
            kty: z.string(),
            kid: z.string(),
            alg: z.string(),
            crv: z.string().optional(),
            x: z.string().optional(),
          }),
        ),
      }),
    ],
  }),
  authOperation('GET /ok', {
    operationId: 'getAuthHealth',
    summary: 'Whether sign-in is served; no store is accessed',
    answer: ['It is', z.object({ ok: z.boolean() })],
  }),
]
