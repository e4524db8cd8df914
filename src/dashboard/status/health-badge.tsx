import { Badge } from '@cloudflare/kumo/components/badge'
import type { ReactNode } from 'react'

type Props = { isHealthy: boolean; isUnknown?: boolean; children: ReactNode }

export function HealthBadge({ isHealthy, isUnknown = false, children }: Props) {
  const unhealthy = isUnknown ? 'warning' : 'error'
  return (
    <Badge variant={isHealthy ? 'success' : unhealthy} appearance="dot">
      {children}
    </Badge>
  )
}
