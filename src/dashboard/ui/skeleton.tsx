// Placeholders while data loads.
import { surface } from './card.tsx'

type Props = { rows?: number; label: string }

export function ListSkeleton({ rows = 5, label }: Props) {
  return (
    <div role="status" aria-label={label} className="flex flex-col gap-3 p-4">
      {Array.from({ length: rows }, (_, row) => `row-${row}`).map((row) => (
        <div key={row} className="flex items-center gap-4">
          <Skeleton className="h-4 w-2/5 md:w-1/4" />
          <Skeleton className="hidden h-4 w-1/5 md:block" />
          <Skeleton className="h-4 flex-1" />
          <Skeleton className="h-5 w-16 rounded-full" />
        </div>
      ))}
    </div>
  )
}

/** Of a page with the details of one thing. */
export function DetailSkeleton({ rows = 6, label }: Props) {
  return (
    <div role="status" aria-label={label} className={`${surface} overflow-hidden`}>
      <div className="border-b border-kumo-hairline px-4 py-3">
        <Skeleton className="h-5 w-20" />
      </div>
      <div className="grid gap-x-8 gap-y-5 p-4 sm:grid-cols-2 lg:grid-cols-3">
        {Array.from({ length: rows }, (_, row) => `row-${row}`).map((row) => (
          <div key={row} className="flex flex-col gap-2">
            <Skeleton className="h-3.5 w-24" />
            <Skeleton className="h-4 w-40" />
          </div>
        ))}
      </div>
    </div>
  )
}

export function Skeleton({ className }: { className: string }) {
  return <div className={`rounded bg-kumo-fill motion-safe:animate-pulse ${className}`} />
}
