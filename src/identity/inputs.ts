// Schemas for the input of Better Auth's endpoints: its own accept any text as a name and permit writes to
// columns that are not used here. An endpoint that is not listed accepts no input.
import { z } from 'zod'
import { readId } from '../core/id.ts'
import { quote, readName } from '../core/text.ts'
import { email } from './email.ts'
import { maxPasswordLength, minPasswordLength } from './password.ts'

export type FieldError = { path: string; message: string }
type Values = Record<string, unknown> | undefined
export type AuthInput = { body: Values; query: Values }
export type AuthInputResult = { input: AuthInput } | { errors: FieldError[] }

type Fields = z.core.$ZodLooseShape
type Schemas = { body: z.ZodType<Values>; query: z.ZodType<Values>; anonymous: boolean }

const name = z.string().transform((text, context) => {
  const reading = readName(text)
  if ('name' in reading) return reading.name
  context.addIssue(reading.error)
  return z.NEVER
})

/** A value that is not an id is passed unchanged: the endpoint responds that it does not exist. */
const id = z
  .string()
  .max(254)
  .transform((text) => readId(text) ?? text)
const organizationId = id.optional()
const account = { organizationId, organizationSlug: z.string().max(100).optional() }
const text = z.string().max(1_000)
const role = z.union([text, z.array(text).max(10)])
const flag = z.union([text, z.boolean()]).optional()
const number = z.union([z.string().regex(/^\d{1,4}$/), z.int().min(0).max(9_999)]).optional()

const none = z.strictObject({})
const anything = z.record(z.string(), z.unknown())

const post = (fields: Fields) => ({ body: z.strictObject(fields), query: none, anonymous: false })
const get = (fields: Fields) => ({
  body: anything,
  query: z.strictObject(fields),
  anonymous: false,
})
const anonymous = (schemas: Schemas): Schemas => ({ ...schemas, anonymous: true })

/** By endpoint. Exported for the test that tries every field of every endpoint. */
export const authInputs: Record<string, Schemas> = {
  '/ok': anonymous(get({})),
  // Of RFC 7517: clients may add parameters, which are ignored.
  '/jwks': { body: anything, query: z.object({}), anonymous: true },
  '/token': get({}),
  // Also called by ourselves, with booleans.
  '/get-session': anonymous(get({ disableCookieCache: flag, disableRefresh: flag })),
  '/sign-in/email': anonymous(post({ email, password: text, rememberMe: z.boolean().optional() })),
  // Better Auth refuses it for every caller.
  '/sign-up/email': { body: anything, query: anything, anonymous: true },
  '/sign-out': anonymous(post({})),
  '/change-password': post({
    currentPassword: text,
    newPassword: z.string().min(minPasswordLength).max(maxPasswordLength),
    revokeOtherSessions: z.boolean().optional(),
  }),
  '/update-user': post({ name }),
  '/organization/list': get({}),
  '/organization/set-active': post({ ...account, organizationId: id.nullable().optional() }),
  '/organization/get-full-organization': get({ ...account, membersLimit: number }),
  '/organization/get-active-member': get({}),
  '/organization/get-active-member-role': get({ ...account, userId: id.optional() }),
  '/organization/list-members': get({
    limit: number,
    offset: number,
    sortBy: z.enum(['createdAt', 'role']).optional(),
    sortDirection: z.enum(['asc', 'desc']).optional(),
    ...account,
  }),
  '/organization/has-permission': post({
    organizationId,
    permissions: z.record(text, z.array(text)),
  }),
  '/organization/leave': post({ organizationId: id }),
  '/organization/list-invitations': get({ organizationId }),
  '/organization/invite-member': post({
    email,
    role,
    organizationId,
    resend: z.boolean().optional(),
  }),
  '/organization/cancel-invitation': post({ invitationId: id }),
  '/organization/remove-member': post({
    memberIdOrEmail: z.string().trim().pipe(id),
    organizationId,
  }),
  '/organization/update-member-role': post({ memberId: id, role, organizationId }),
  '/organization/update': post({ data: z.strictObject({ name }), organizationId }),
  '/organization/accept-invitation': post({ invitationId: id, token: text.optional() }),
  '/organization/reject-invitation': post({ invitationId: id, token: text.optional() }),
}

const nothing: Schemas = { body: none, query: none, anonymous: false }

function schemasOf(path: string): Schemas {
  return (Object.hasOwn(authInputs, path) ? authInputs[path] : undefined) ?? nothing
}

/** Whether an endpoint requires a session. */
export function needsSession(path: string): boolean {
  return !schemasOf(path).anonymous
}

/** The validated body and query of a request for its endpoint, or their errors. */
export function readAuthInput(
  path: string,
  { body, query }: { body?: unknown; query?: unknown },
): AuthInputResult {
  const schemas = schemasOf(path)
  const read = {
    // `null` is a body, and none that an endpoint takes.
    body: schemas.body.safeParse(body === undefined ? {} : body),
    query: schemas.query.safeParse(query ?? {}),
  }
  const errors = [
    ...(read.body.error?.issues ?? []).flatMap((issue) => errorsOf(issue, '')),
    ...(read.query.error?.issues ?? []).flatMap((issue) => errorsOf(issue, 'query.')),
  ]
  if (errors.length > 0) return { errors: errors.slice(0, maxErrors) }
  return {
    input: {
      body: body === undefined ? undefined : read.body.data,
      query: query === undefined ? undefined : read.query.data,
    },
  }
}

const maxErrors = 20

function errorsOf(issue: z.core.$ZodIssue, prefix: string): FieldError[] {
  const place = prefix + issue.path.join('.')
  if (issue.code !== 'unrecognized_keys') return [{ path: place, message: issue.message }]
  const within = issue.path.length === 0 ? prefix : `${place}.`
  const message = prefix === '' ? 'There is no such field' : 'There is no such parameter'
  return issue.keys.map((key) => ({ path: within + quote(key), message }))
}
