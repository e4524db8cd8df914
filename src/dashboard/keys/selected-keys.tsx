// What can be done with the selected keys, above the list. Its code is loaded when the first key is selected.
import { Suspense } from 'react'
import { Boundary, failedPart } from '../ui/boundary.tsx'
import { chunk } from '../ui/chunk.ts'
import type { Selection } from './use-selection.ts'

const Bar = chunk<{ selection: Selection }>(() => import('./selection-bar.tsx'))

export function SelectedKeys({ selection }: { selection: Selection }) {
  if (selection.keys.size === 0) return null
  return (
    <Boundary fallback={failedPart}>
      <Suspense fallback={null}>
        <Bar selection={selection} />
      </Suspense>
    </Boundary>
  )
}
