// The list of keys as CSV: a column a field of the API. Pure.
import type { CsvColumns } from '../ui/csv.ts'
import type { Key } from './api.ts'

const json = (value: unknown) => (value === null ? null : JSON.stringify(value))

export const keyColumns: CsvColumns<Key> = {
  id: ({ id }) => id,
  name: ({ name }) => name,
  status: ({ status }) => status,
  format: ({ format }) => format,
  environment: ({ environment }) => environment,
  key_prefix: ({ key_prefix }) => key_prefix,
  scopes: ({ scopes }) => scopes?.join(' ') ?? 'inherited',
  external_id: ({ external_id }) => external_id,
  created_by: ({ created_by }) => created_by,
  created_by_name: ({ created_by_name }) => created_by_name,
  made_by: ({ made_by }) => json(made_by),
  created_at: ({ created_at }) => created_at,
  expires_at: ({ expires_at }) => expires_at,
  last_used_at: ({ last_used_at }) => last_used_at,
  revoked_at: ({ revoked_at }) => revoked_at,
  replaced_by: ({ replaced_by }) => replaced_by,
  allowed_ips: ({ allowed_ips }) => allowed_ips?.join(' ') ?? null,
  rate_limit: ({ rate_limit }) => json(rate_limit),
  credits: ({ credits }) => json(credits),
  limits_by: ({ limits_by }) => limits_by,
  needs_review: ({ needs_review }) => String(needs_review),
  metadata: ({ metadata }) => json(metadata),
}
