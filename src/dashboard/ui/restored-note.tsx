import { Button } from '@cloudflare/kumo/components/button'

type Props = { draft: { isRestored: boolean; reset: () => void } }

/** Above a form that begins as it was left. */
export function RestoredNote({ draft: { isRestored, reset } }: Props) {
  if (!isRestored) return null
  return (
    <div
      role="status"
      className="flex flex-wrap items-center justify-between gap-3 rounded-lg bg-kumo-info-tint px-4 py-2.5 text-base text-kumo-default"
    >
      <p>This is what you had entered before.</p>
      <Button size="sm" onClick={reset}>
        Start anew
      </Button>
    </div>
  )
}
