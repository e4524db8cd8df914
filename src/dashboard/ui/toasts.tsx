// Toasts report a change, and how far it has come. Their code follows the first paint.
import { Suspense, useSyncExternalStore } from 'react'
import type { Progress } from '../api/progress.ts'
import { Boundary } from './boundary.tsx'
import { chunk } from './chunk.ts'
import { exactTime } from './exact-time.ts'
import type { Toast } from './shown-toasts.tsx'

const ShownToasts = chunk<{ take: () => Toast[]; added: number }>(
  () => import('./shown-toasts.tsx'),
)

export const preloadToasts = ShownToasts.preload

let waiting: Toast[] = []
let added = 0
let onAdded = () => {}

function subscribe(listener: () => void): () => void {
  onAdded = listener
  return () => {
    onAdded = () => {}
  }
}

function take(): Toast[] {
  const taken = waiting
  waiting = []
  return taken
}

export function toast(title: string, progress: Progress = {}): void {
  const description = progressText(progress)
  waiting.push(
    description === null
      ? { title, variant: 'success' }
      : { title, description, variant: 'warning', timeout: 15_000 },
  )
  added++
  onAdded()
}

/** null when the change is in force everywhere. */
export function progressText({ pending_regions, effective_at }: Progress): string | null {
  if (pending_regions && pending_regions.length > 0) {
    return `Not yet confirmed by ${pending_regions.join(', ')}. These regions follow automatically.`
  }
  return effective_at ? `In force everywhere from ${exactTime(effective_at)}.` : null
}

export function Toasts() {
  const count = useSyncExternalStore(subscribe, () => added)
  if (count === 0) return null
  return (
    <Boundary fallback={PlainToasts}>
      <Suspense fallback={null}>
        <ShownToasts take={take} added={count} />
      </Suspense>
    </Boundary>
  )
}

/** Where their code did not arrive: what was to be reported has happened nevertheless. */
const PlainToasts = () => (
  <p
    role="status"
    className="fixed inset-x-4 bottom-4 z-50 rounded-lg bg-kumo-base p-3 shadow-lg ring ring-kumo-line"
  >
    {waiting
      .map(({ title, description }) => [title, description].filter(Boolean).join('. '))
      .join(' ')}
  </p>
)
