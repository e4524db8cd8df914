// A toast that reports a change, and how far the change has come.
import { useKumoToastManager } from '@cloudflare/kumo/components/toast'
import type { Progress } from '../api/progress.ts'
import { exactTime } from './time.tsx'

export function useToast() {
  const toasts = useKumoToastManager()
  return (title: string, progress: Progress = {}) => {
    const description = progressText(progress)
    if (description === null) toasts.add({ title, variant: 'success' })
    else toasts.add({ title, description, variant: 'warning', timeout: 15_000 })
  }
}

/** null when the change is in force everywhere. */
export function progressText({ pending_regions, effective_at }: Progress): string | null {
  if (pending_regions && pending_regions.length > 0) {
    return `Not yet confirmed by ${pending_regions.join(', ')}. These regions follow automatically.`
  }
  return effective_at ? `In force everywhere from ${exactTime(effective_at)}.` : null
}
