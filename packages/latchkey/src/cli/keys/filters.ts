// The filters of a list of keys.
import type { ArgsDef } from 'citty'
import type { KeyOrder, KeyQuery } from '../../types.ts'
import { given, wholeNumber } from '../command.ts'

const columns = ['created_at', 'expires_at', 'last_used_at', 'name']

export const filterArgs = {
  status: {
    type: 'enum',
    options: ['active', 'expired', 'revoked', 'disabled'],
    description: 'Only with this status',
  },
  search: { type: 'string', description: 'Part of a name, an external id or a key prefix' },
  'external-id': { type: 'string', description: 'Only with this external id' },
  'created-by': { type: 'string', valueHint: 'id', description: 'Only of this person' },
  environment: { type: 'string', description: 'Only of this environment, such as live' },
  scope: { type: 'string', description: 'Only those that were granted this scope' },
  'expires-before': { type: 'string', valueHint: 'time', description: 'An RFC 3339 time' },
  'unused-for': {
    type: 'string',
    valueHint: '90d',
    description: 'Neither used nor made for so long',
  },
  'needs-review': {
    type: 'boolean',
    description: 'Only those whose creator was demoted or removed',
  },
  sort: {
    type: 'enum',
    options: columns.flatMap((column) => [column, `-${column}`]),
    description: 'Order; - for descending',
  },
  limit: { type: 'string', valueHint: '50', description: 'Keys a page, 1 to 100' },
  cursor: { type: 'string', description: 'From where the page before ended' },
} as const satisfies ArgsDef

type Given = { [Name in keyof typeof filterArgs]?: string | boolean | undefined }

export function queryOf(args: Given): KeyQuery {
  const text = (name: keyof Given) => args[name] as string | undefined
  const query: KeyQuery = given({
    status: text('status') as KeyQuery['status'],
    search: text('search'),
    external_id: text('external-id'),
    created_by: text('created-by'),
    environment: text('environment'),
    scope: text('scope'),
    expires_before: text('expires-before'),
    unused_for: text('unused-for'),
    needs_review: args['needs-review'] ? ('true' as const) : undefined,
    sort: text('sort') as KeyOrder | undefined,
    limit: wholeNumber('limit', text('limit')),
    cursor: text('cursor'),
  })
  return query
}
