// Of selected-keys.tsx, which loads it.
import { Button } from '@cloudflare/kumo/components/button'
import { useState } from 'react'
import { numberText } from '../ui/number-text.ts'
import { useNow } from '../ui/time.tsx'
import { type BulkAction, keysFor, maxBulk } from './bulk-actions.ts'
import { BulkDialog } from './bulk-dialog.tsx'
import type { Selection } from './use-selection.ts'

export default function SelectionBar({ selection }: { selection: Selection }) {
  const [action, setAction] = useState<BulkAction | null>(null)
  const nowMs = useNow()
  const keys = [...selection.keys.values()]
  const isTooMany = keys.length > maxBulk
  const active = keysFor('disable', keys, nowMs)
  return (
    <section
      aria-label="Selected keys"
      className="sticky top-0 z-10 flex flex-wrap items-center gap-2 border-b border-kumo-hairline bg-kumo-base px-4 py-2"
    >
      <p role="status" className="mr-auto text-base font-medium text-kumo-default">
        {numberText(keys.length)} selected
        {isTooMany && (
          <span className="block text-sm font-normal text-kumo-subtle">
            At most {maxBulk} at a time
          </span>
        )}
      </p>
      <Button
        size="sm"
        disabled={isTooMany || active.length === 0}
        onClick={() => setAction('disable')}
      >
        Disable…
      </Button>
      <Button
        size="sm"
        variant="secondary-destructive"
        disabled={isTooMany}
        onClick={() => setAction('revoke')}
      >
        Revoke…
      </Button>
      <Button size="sm" variant="ghost" onClick={selection.clear}>
        Clear<span className="sr-only"> selection</span>
      </Button>
      {action && (
        <BulkDialog action={action} selection={selection} onClose={() => setAction(null)} />
      )}
    </section>
  )
}
