// How far a change has come, said in a toast.
import { useKumoToastManager } from '@cloudflare/kumo/components/toast'
import type { Progress } from '../keys/api.ts'
import { exactTime } from './time.tsx'

export function useAnnounce() {
  const toasts = useKumoToastManager()
  return (title: string, progress: Progress = {}) => {
    const waiting = waitingFor(progress)
    if (waiting === null) toasts.add({ title, variant: 'success' })
    else toasts.add({ title, description: waiting, variant: 'warning', timeout: 15_000 })
  }
}

export function waitingFor({ pending_regions, effective_at }: Progress): string | null {
  if (pending_regions && pending_regions.length > 0) {
    return `In force, but for ${pending_regions.join(', ')}: these regions have not confirmed yet and follow by themselves.`
  }
  return effective_at ? `In force everywhere at ${exactTime(effective_at)}.` : null
}
