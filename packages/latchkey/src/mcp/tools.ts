// The tools: each is one call that reads. A tool that changes something is refused by the test of this list, not by its name.
import { z } from 'zod'
import type { Body } from './answers.ts'

/** The body of a success of a path of the deployment. `post` is the body of a POST that only reads. @throws LatchkeyError */
export type Ask = (path: string, more?: { query?: object; post?: object }) => Promise<unknown>

export type Tool = {
  name: string
  title: string
  description: string
  input: z.ZodObject
  run(ask: Ask, args: Record<string, unknown>): Promise<Body>
}

const id = (what: string) => z.uuid().describe(what)
const keyId = id('The id of a key: never a token')
const cursor = z.string().max(2_000).optional().describe('next_cursor of the page before')
const limit = z.int().min(1).max(100).optional().describe('Entries, 20 if left out')
const time = z.iso.datetime({ offset: true }).optional()
const from = time.describe('From this RFC 3339 time on')
const to = time.describe('Before this RFC 3339 time')

function tool<const Shape extends z.ZodRawShape>(
  options: Omit<Tool, 'input' | 'run'> & {
    input: Shape
    run(ask: Ask, args: z.output<z.ZodObject<Shape>>): Promise<unknown>
  },
): Tool {
  const { input, run, ...texts } = options
  return { ...texts, input: z.strictObject(input), run: run as Tool['run'] }
}

const page = (query: object) => ({ query: { limit: 20, ...query } })

export const tools: readonly Tool[] = [
  tool({
    name: 'list_keys',
    title: 'List API keys',
    description:
      'Keys of the account that match the filters, newest first: names, scopes, status, limits, expiry, last use. Never tokens.',
    input: {
      status: z.enum(['active', 'disabled', 'expired', 'revoked']).optional(),
      search: z
        .string()
        .max(100)
        .optional()
        .describe(
          'Part of a name, of an external id, or the first characters of a key (key_prefix)',
        ),
      external_id: z.string().max(255).optional().describe('The customer that the key is for'),
      created_by: id('The person who made it').optional(),
      environment: z.string().max(64).optional().describe('Such as live or test'),
      scope: z.string().max(256).optional().describe('Keys that were granted this scope'),
      needs_review: z.literal(true).optional().describe('Whose creator was demoted or removed'),
      expires_before: time,
      unused_for: z
        .string()
        .regex(/^[1-9]\d{0,3}d$/)
        .optional()
        .describe('Days without use, such as 90d'),
      sort: z
        .string()
        .regex(/^-?(?:created_at|expires_at|last_used_at|name)$/)
        .optional()
        .describe('created_at, expires_at, last_used_at or name; with - descending'),
      limit,
      cursor,
    },
    run: (ask, query) => ask('/api/api-keys', page(query)),
  }),
  tool({
    name: 'get_key',
    title: 'Show an API key',
    description: 'One key by its id: scopes, limits, expiry, metadata, last use. Never its token.',
    input: { key_id: keyId },
    run: (ask, { key_id }) => ask(`/api/api-keys/${key_id}`),
  }),
  tool({
    name: 'explain_request',
    title: 'Explain why a request passes or is refused',
    description:
      'Runs every check that a request with this key would meet, and says of each what was compared and what would mend it. Give method and path for a request to the gateway; scopes and environment for a service that verifies the key. It takes the id of a key: never ask anybody for a token. Consumes nothing.',
    input: {
      key_id: keyId,
      method: z.string().max(32).optional().describe('With path: GET'),
      path: z.string().max(2_000).optional().describe('Without a query: /api/contacts/42'),
      scopes: z.array(z.string().max(256)).max(50).optional().describe('All of them needed'),
      any_of: z.array(z.string().max(256)).max(50).optional().describe('One of them needed'),
      environment: z.string().max(64).optional(),
      ip: z.string().max(64).optional().describe('Of the client'),
    },
    run: (ask, post) => ask('/api/api-keys/explain', { post }),
  }),
  tool({
    name: 'usage',
    title: 'Count requests',
    description:
      'How many requests were answered with which code, by hour or day: of one key, or of the account, there also by group. Counts appear within about 20 seconds.',
    input: {
      key_id: keyId.optional().describe('Of this key only; not with group_by'),
      from,
      to,
      granularity: z.enum(['hour', 'day']).optional(),
      group_by: z.enum(['key', 'external_id', 'code', 'environment']).optional(),
    },
    run: (ask, { key_id, ...query }) =>
      ask(key_id === undefined ? '/api/usage' : `/api/api-keys/${key_id}/usage`, { query }),
  }),
  tool({
    name: 'requests',
    title: 'List recent requests',
    description:
      'The last requests with keys of the account, refusals first to be kept: time, key, code, route, needed scope, network, duration. Owners and admins in person only: a managing key is refused.',
    input: {
      key_id: keyId.optional(),
      code: z.string().max(64).optional().describe('Such as insufficient_scope'),
      limit,
      cursor,
    },
    run: (ask, query) => ask('/api/requests', page(query)),
  }),
  tool({
    name: 'audit_events',
    title: 'List audit events',
    description: 'Who changed what and when, newest first: keys, people, invitations, webhooks.',
    input: {
      key_id: keyId.optional(),
      actor_id: id('The person or key who acted').optional(),
      action: z.string().max(64).optional().describe('Such as key.revoked'),
      from,
      to,
      limit,
      cursor,
    },
    run: (ask, query) => ask('/api/audit-events', page(query)),
  }),
  tool({
    name: 'list_scopes',
    title: 'List scopes',
    description:
      'The scopes that keys of this deployment can hold, and the roles that include them.',
    input: {},
    run: (ask) => ask('/api/scopes'),
  }),
]
