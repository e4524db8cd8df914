// An entry of the request log as responses show it.
import { z } from '@hono/zod-openapi'
import type { Context } from 'hono'
import { type KeyName, readKeyNames } from '../../../storage/key-names.ts'
import type { LoggedRequest } from '../../../usage/ring.ts'
import type { AppEnv } from '../../app-env.ts'
import { isoTime, time } from '../../routing/time.ts'

export const loggedRequest = z
  .object({
    id: z.string().openapi({ description: 'Of this entry; a retried delivery keeps it' }),
    time,
    key: z
      .object({ id: z.uuid(), name: z.string().nullable(), key_prefix: z.string().nullable() })
      .openapi({ description: 'Its name now' }),
    code: z.string().openapi({ example: 'insufficient_scope' }),
    method: z.string().nullable(),
    route: z.string().nullable().openapi({
      description: 'The pattern, never the path; null where none matched, or a service verified',
      example: '/contacts/{id}',
    }),
    needed_scope: z.string().nullable().openapi({ description: 'What the key lacked' }),
    address: z.string().nullable().openapi({
      description: 'Of the client, cut to 24 bits of IPv4 or 48 of IPv6',
      example: '203.0.113.0/24',
    }),
    country: z.string().nullable().openapi({ example: 'NZ' }),
    tier: z.string().openapi({ description: 'What answered the look-up', example: 'memory' }),
    ms: z.number(),
  })
  .openapi('LoggedRequest')

type RequestEntry = z.output<typeof loggedRequest>

/** The entries as responses show them, with the names of their keys. */
export async function entriesOf(
  c: Context<AppEnv>,
  requests: readonly LoggedRequest[],
  known: Map<string, KeyName> = new Map(),
): Promise<RequestEntry[]> {
  const unknown = requests.map(({ keyId }) => keyId).filter((id) => !known.has(id))
  const found = await readKeyNames(c.env.db, c.var.actor.accountId, unknown)
  for (const [id, name] of found) known.set(id, name)
  return requests.map(({ id, at, keyId, neededScope, no: _, ...rest }) => ({
    id,
    time: isoTime(at),
    key: { id: keyId, ...(known.get(keyId) ?? { name: null, key_prefix: null }) },
    needed_scope: neededScope,
    ...rest,
  }))
}
