// A choice above a list, whose code follows the first paint: until it is opened for the first time, only its button is there.
import { Button } from '@cloudflare/kumo/components/button'
import { CaretUpDownIcon } from '@phosphor-icons/react'
import { Suspense, useState } from 'react'
import { Boundary } from './boundary.tsx'
import { chunk } from './chunk.ts'
import { lateNotice } from './late-notice.tsx'
import type { Choice } from './open-select.tsx'

const OpenSelect = chunk<Choice>(() => import('./open-select.tsx'))

export const preloadSelects = OpenSelect.preload

export function FilterSelect(choice: Choice) {
  const [isWanted, setIsWanted] = useState(false)
  const { label, className, value, items } = choice
  const button = (
    <Button
      role="combobox"
      aria-haspopup="listbox"
      aria-expanded={isWanted}
      aria-label={label}
      className={`justify-between bg-kumo-control font-normal ${className}`}
      onClick={() => setIsWanted(true)}
    >
      <span className="min-w-0 truncate">{items[value]}</span>
      <CaretUpDownIcon size={16} className="shrink-0 fill-current text-kumo-subtle" />
    </Button>
  )
  if (!isWanted) return button
  return (
    <Boundary fallback={lateNotice(() => setIsWanted(false), button)}>
      <Suspense fallback={button}>
        <OpenSelect {...choice} />
      </Suspense>
    </Boundary>
  )
}
