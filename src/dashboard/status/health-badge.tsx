import { Badge } from '@cloudflare/kumo/components/badge'
import type { ReactNode } from 'react'

type Props = { isWell: boolean; isUnknown?: boolean; children: ReactNode }

export function Health({ isWell, isUnknown = false, children }: Props) {
  const bad = isUnknown ? 'warning' : 'error'
  return (
    <Badge variant={isWell ? 'success' : bad} appearance="dot">
      {children}
    </Badge>
  )
}
