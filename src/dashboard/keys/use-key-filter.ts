import { useSearchParams } from 'wouter'
import { type KeyFilter, sortColumns } from './api.ts'
import { statuses } from './status-badge.tsx'

const sorts = sortColumns.flatMap((column) => [column, `-${column}` as const])
const texts = ['search', 'environment', 'scope', 'external_id', 'created_by', 'unused_for'] as const

/** The filter lives in the address, so that a filtered list can be shared and survives going back. */
export function useKeyFilter(): KeyFilter {
  const [params] = useSearchParams()
  const status = statuses.find((known) => known === params.get('status'))
  const sort = sorts.find((known) => known === params.get('sort'))
  const end = Date.parse(params.get('expires_before') ?? '')
  return {
    ...(status && { status }),
    ...(sort && { sort }),
    ...(!Number.isNaN(end) && { expires_before: new Date(end).toISOString() }),
    ...Object.fromEntries(texts.map((name) => [name, params.get(name)]).filter(([, text]) => text)),
  }
}
