import { relativeTime, useNow } from './time.tsx'

/** How old what is shown is. */
export function AsOf({ query: { dataUpdatedAt } }: { query: { dataUpdatedAt: number } }) {
  const now = useNow()
  if (dataUpdatedAt === 0) return null
  return <>Read {relativeTime(dataUpdatedAt, now)}.</>
}
