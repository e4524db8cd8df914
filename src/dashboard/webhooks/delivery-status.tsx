import { Badge } from '@cloudflare/kumo/components/badge'
import { RelativeTime } from '../ui/time.tsx'
import type { Delivery } from './api.ts'

const badges = {
  delivered: { name: 'Delivered', variant: 'success' },
  pending: { name: 'Pending', variant: 'warning' },
  failed: { name: 'Failed', variant: 'error' },
} as const

/** By status, with `all` for none in particular. */
export const statusFilters = {
  all: 'All',
  delivered: badges.delivered.name,
  pending: badges.pending.name,
  failed: badges.failed.name,
}

export function DeliveryBadge({ status }: { status: Delivery['status'] }) {
  return (
    <Badge variant={badges[status].variant} appearance="dot">
      {badges[status].name}
    </Badge>
  )
}

/** The response or the error of the last attempt, and the time of the next one. */
export function DeliveryOutcome({ delivery }: { delivery: Delivery }) {
  const { status, last_status, last_error, next_attempt_at, attempts } = delivery
  if (status === 'delivered') return <>Response {last_status}</>
  if (status === 'failed' || attempts === 0 || !next_attempt_at) return <>{last_error}</>
  return (
    <>
      {last_error ?? 'No response yet'}; next attempt <RelativeTime time={next_attempt_at} />
    </>
  )
}
