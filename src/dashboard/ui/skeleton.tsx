// What stands where an answer will be.

type Props = { rows?: number; label: string }

export function ListSkeleton({ rows = 5, label }: Props) {
  return (
    <div role="status" aria-label={label} className="flex flex-col gap-3 p-4">
      {Array.from({ length: rows }, (_, row) => `row-${row}`).map((row) => (
        <div key={row} className="flex items-center gap-4">
          <Bone className="h-4 w-2/5 md:w-1/4" />
          <Bone className="hidden h-4 w-1/5 md:block" />
          <Bone className="h-4 flex-1" />
          <Bone className="h-5 w-16 rounded-full" />
        </div>
      ))}
    </div>
  )
}

export function Bone({ className }: { className: string }) {
  return <div className={`rounded bg-kumo-fill motion-safe:animate-pulse ${className}`} />
}
