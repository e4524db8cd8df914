import { Badge } from '@cloudflare/kumo/components/badge'
import type { ReactNode } from 'react'
import { useIsFresh } from '../ui/freshness.tsx'

type Props = { isHealthy: boolean; isUnknown?: boolean; children: ReactNode }

export function HealthBadge({ isHealthy, isUnknown = false, children }: Props) {
  const isFresh = useIsFresh()
  const unhealthy = isUnknown ? 'warning' : 'error'
  const variant = isHealthy ? 'success' : unhealthy
  return (
    <Badge variant={isFresh ? variant : 'neutral'} appearance="dot">
      {children}
    </Badge>
  )
}
