// POST /api/api-keys/import: imports keys of another system by their digests, so that their tokens keep
// working. Each key has its own result; a refused key does not affect the others.
import { createRoute, z } from '@hono/zod-openapi'
import type { FieldError } from '../../../contract/problems.ts'
import type { Config } from '../../../core/config.ts'
import { readDigest } from '../../../core/digest.ts'
import {
  type ImportResult,
  importKeys,
  type KeyToImport,
  repeatedImport,
} from '../../../keys/import-keys.ts'
import { createKeyImport } from '../../../storage/key-import.ts'
import { findByDigests } from '../../../storage/key-store.ts'
import { quotaDetail } from '../../response/quotas.ts'
import { callerOf } from '../../routing/caller.ts'
import { idempotent, idempotentFailures, once } from '../../routing/idempotency.ts'
import { fieldErrors } from '../../routing/invalid-request.ts'
import { json } from '../../routing/requests.ts'
import { bodyFailures, managementFailures, success } from '../../routing/responses.ts'
import { createRouter } from '../../routing/router.ts'
import { byOwnerAfterStepUp } from '../../routing/security.ts'
import type { AppSettings } from '../../services.ts'
import { attributesOf } from './key-input.ts'
import { keyFields } from './key-schema.ts'
import { checkNewLimits } from './limit-schema.ts'

export const importPath = '/api/api-keys/import'
const maxKeys = 100
// A hundred keys with metadata of maximum length.
export const maxImportBytes = 512 * 1024
const maxStartLength = 64

const digest = z
  .string()
  .transform((text, context) => {
    const hex = readDigest(text)
    if (hex === null) context.addIssue('Not a SHA-256 digest in hex, base64 or base64url')
    return hex ?? z.NEVER
  })
  .openapi({
    type: 'string',
    description: 'SHA-256 of the whole token, as hex, base64 or base64url',
    example: 'n4bQgYhMfWWaL-qgxVrQFaO_TxsrC4Is0V1sFbDwCgg',
  })

/** Parses one key of the request into its stored form. */
function entrySchema(config: Config, now: () => number) {
  // A token of another system manages no keys here until an owner says so.
  const { name, may_grant: _, ...optional } = keyFields(config, now)
  const [onlyFormat, ...others] = Object.keys(config.foreign)
  const error = noSuchFormat(config)
  const format = z
    .string({ error })
    .refine((text) => Object.hasOwn(config.foreign, text), { error })
    .openapi({ description: 'The name of a foreign format' })
  return z
    .strictObject({
      digest,
      name,
      ...z.object(optional).partial().shape,
      key_prefix: z
        .string()
        .max(maxStartLength)
        .regex(/^[\w-]*$/, 'Letters, digits, - and _ only')
        .optional()
        .openapi({
          description: 'The first letters of the token; the eight after its prefix are stored',
        }),
      format:
        onlyFormat === undefined || others.length > 0
          ? format
          : format
              .optional()
              .transform((given = onlyFormat) => given)
              .openapi({
                description: `The name of a foreign format; \`${onlyFormat}\` if left out`,
              }),
    })
    .superRefine(checkNewLimits)
    .openapi('ForeignKey')
}

function noSuchFormat({ foreign }: Config): string {
  const names = Object.keys(foreign)
  const known = names.length === 0 ? 'none at all' : names.join(', ')
  return `Not a foreign format of latchkey.config.ts, which declares ${known}`
}

type Entry = z.output<ReturnType<typeof entrySchema>>

// An invalid key has its own result, so the schema of the body must accept it.
const anyEntry = z.unknown().openapi({ $ref: '#/components/schemas/ForeignKey' } as object)
const body = z.strictObject({ keys: z.array(anyEntry).min(1).max(maxKeys) })

const answer = z
  .union([
    z.object({ result: z.literal('created'), id: z.uuid() }),
    z.object({ result: z.literal('exists') }),
    z.object({
      result: z.literal('invalid'),
      errors: z.array(z.object({ path: z.string(), message: z.string() })),
    }),
    z.object({ result: z.enum(['forbidden', 'quota_exceeded']), detail: z.string() }),
  ])
  .openapi('ImportedKey', {
    description:
      '`exists`: the digest is stored already, in this or another account. `quota_exceeded`: the keys before it took the room that the quota of the account left',
  })

const importMany = createRoute({
  method: 'post',
  path: importPath,
  operationId: 'importKeys',
  tags: ['API keys'],
  security: byOwnerAfterStepUp,
  summary: `Import up to ${maxKeys} keys of another system by their digests`,
  description:
    'Each key has its own result, in the order of `keys`. Sent again, keys that were created before are `exists`; with an Idempotency-Key they are `created` again, with their ids.',
  ...idempotent,
  request: json(body),
  responses: {
    200: success('The result for each key', z.array(answer)),
    ...managementFailures,
    ...bodyFailures,
    ...idempotentFailures,
  },
})

type Reading = { key: KeyToImport } | { refused: { result: 'invalid'; errors: FieldError[] } }

export function createApiKeyImport({ config, clock }: AppSettings) {
  const entry = entrySchema(config, clock.now)
  // A repeated request may name a time that has passed.
  const anyTime = entrySchema(config, () => -Infinity)
  const read = (raw: unknown, schema = entry): Reading => {
    const parsed = schema.safeParse(raw)
    if (parsed.success) return { key: foreignKeyOf(parsed.data) }
    const errors = parsed.error.issues.flatMap((issue) => fieldErrors(issue, 'json'))
    return { refused: { result: 'invalid', errors } }
  }
  const settings = { config, clock, newId: () => crypto.randomUUID() }
  const router = createRouter()
  router.openAPIRegistry.register('ForeignKey', entry)
  return router.openapi(importMany, async (c) => {
    const payload = c.req.valid('json')
    const answer = (readings: readonly Reading[], results: readonly ImportResult[]) =>
      c.json({ status: 'success' as const, data: inOrder(readings, results) }, 200)
    return once(c, {
      ...{ route: importMany, payload },
      async execute(request) {
        const readings = payload.keys.map((raw) => read(raw))
        const store = createKeyImport(c.env.db)
        const keys = keysOf(readings)
        return answer(readings, await importKeys(store, settings, callerOf(c), keys, request))
      },
      async repeat(made) {
        const readings = payload.keys.map((raw) => read(raw, anyTime))
        const keys = keysOf(readings)
        const rows = await findByDigests(
          c.env.db,
          keys.map(({ digest }) => digest),
        )
        const ids: string[] = JSON.parse(made)
        return answer(readings, repeatedImport(settings, callerOf(c), keys, ids, rows))
      },
    })
  })
}

function keysOf(readings: readonly Reading[]): KeyToImport[] {
  return readings.flatMap((reading) => ('key' in reading ? [reading.key] : []))
}

/** Of a repeated request: the quota may have been raised since. */
const notImported = 'It was not imported then: send it with another Idempotency-Key.'

function inOrder(readings: readonly Reading[], imported: readonly ImportResult[]) {
  const results = imported.values()
  return readings.map((reading) => {
    if ('refused' in reading) return reading.refused
    const { value } = results.next()
    if (value === undefined) throw new Error('A key was read, and nothing became of it.')
    if (value.result !== 'quota_exceeded') return value
    const { result, maxKeys: max } = value
    const detail = max === null ? notImported : quotaDetail({ quota: 'keys', max })
    return { result, detail }
  })
}

function foreignKeyOf(entry: Entry): KeyToImport {
  return {
    digest: entry.digest,
    formatName: entry.format,
    start: entry.key_prefix ?? '',
    ...attributesOf(entry),
  }
}
