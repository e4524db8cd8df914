// The environments of the deployment, such as `live` and `test`. The format of a key decides its environment.
import { Badge } from '@cloudflare/kumo/components/badge'
import { useQuery } from '@tanstack/react-query'
import { formatsQuery, type Key, summaryQuery } from './api.ts'

export const defaultEnvironment = 'live'

/** Most keys are of `live`: only another environment is worth a mark. */
export function EnvironmentBadge({ value }: { value: Pick<Key, 'environment'> }) {
  if (value.environment === defaultEnvironment) return null
  return <Badge variant="info">{value.environment}</Badge>
}

/** `live` first. Those of foreign formats only the summary names. */
export function useEnvironments(): string[] {
  const { data: formats = [] } = useQuery(formatsQuery)
  const { data: summary } = useQuery(summaryQuery)
  const named = formats.map(({ environment }) => environment)
  return [...new Set([defaultEnvironment, ...named, ...Object.keys(summary?.by_environment ?? {})])]
}
