// Whether a list is live, in words: one that stands still must not look like one that moves.
import { Button } from '@cloudflare/kumo/components/button'
import { PauseIcon, PlayIcon } from '@phosphor-icons/react'
import { timeOfDay } from './time-of-day.tsx'
import type { TailState } from './use-tail.ts'

type Props = {
  state: TailState
  /** When the list was read (ms). */
  readAtMs: number
  /** Of a later page of the list, which nothing new comes to. */
  isLaterPage: boolean
  isPaused: boolean
  onPause: (isPaused: boolean) => void
}

export function LiveNote({ state, readAtMs, isLaterPage, isPaused, onPause }: Props) {
  const isLive = state === 'live'
  return (
    <div className="flex flex-wrap items-center gap-x-3 gap-y-1 text-sm text-kumo-subtle">
      <span role="status" className="flex items-center gap-1.5">
        <span
          aria-hidden
          className={`size-2 shrink-0 rounded-full ${isLive ? 'bg-kumo-success' : 'bg-kumo-fill'}`}
        />
        {isLaterPage ? 'Not live: only the first page is' : noteOf(state, readAtMs)}
      </span>
      {!isLaterPage && (
        <Button size="sm" icon={isPaused ? PlayIcon : PauseIcon} onClick={() => onPause(!isPaused)}>
          {isPaused ? 'Go live' : 'Pause'}
        </Button>
      )}
    </div>
  )
}

function noteOf(state: TailState, readAtMs: number): string {
  const shown = readAtMs > 0 ? `, as of ${timeOfDay(readAtMs)}` : ''
  switch (state) {
    case 'live':
      return 'Live: requests appear within about 20 seconds'
    case 'connecting':
      return 'Connecting…'
    case 'off':
      return `Paused${shown}`
    case 'hidden':
      return `Stopped while this tab is hidden${shown}`
    case 'lost':
      return `Not live${shown}: the connection broke off and is tried again`
    case 'refused':
      return `Not live${shown}: load the page again`
  }
}
