// The button that saves the filtered list as CSV. What it does is loaded when it is pressed.
import { Button } from '@cloudflare/kumo/components/button'
import { Suspense, useState } from 'react'
import { Boundary } from '../ui/boundary.tsx'
import { chunk } from '../ui/chunk.ts'
import { lateNotice } from '../ui/late-notice.tsx'
import type { KeyFilter } from './api.ts'

const KeyExport = chunk<{ filter: KeyFilter }>(() => import('./key-export.tsx'))

export function ExportKeys({ filter }: { filter: KeyFilter }) {
  const [isWanted, setIsWanted] = useState(false)
  const button = (
    <Button className="font-normal" onClick={() => setIsWanted(true)}>
      Export CSV
    </Button>
  )
  if (!isWanted) return button
  return (
    <Boundary fallback={lateNotice(() => setIsWanted(false), button)}>
      <Suspense fallback={button}>
        <KeyExport filter={filter} />
      </Suspense>
    </Boundary>
  )
}
