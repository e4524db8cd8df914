// Placeholders while data loads.

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

export function Skeleton({ className }: { className: string }) {
  return <div className={`rounded bg-kumo-fill motion-safe:animate-pulse ${className}`} />
}
