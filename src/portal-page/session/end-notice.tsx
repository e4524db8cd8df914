// Says that the session is about to end, and keeps it while the page is used.
import { useEffect, useState } from 'preact/hooks'
import { Button } from '../ui/button.tsx'
import { clockTime } from '../ui/time.tsx'
import { renewSession, rereadSession } from './portal.ts'
import type { SessionEnd } from './session-clock.ts'

const announcedMs = 2 * 60_000
/** Who types or clicks with less time left uses the session, though nothing was sent. */
const renewalMs = 6 * 60_000
const tickMs = 1_000

export function EndNotice({ end }: { end: SessionEnd }) {
  const [nowMs, setNow] = useState(Date.now())
  const leftMs = end.atMs - nowMs
  const isOver = leftMs <= 0
  const canRenew = end.atMs < end.lastMs
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), tickMs)
    return () => clearInterval(timer)
  }, [])
  useEffect(() => {
    if (isOver) void rereadSession()
  }, [isOver])
  useRenewalByUse(canRenew && leftMs < renewalMs)
  const isShown = leftMs < announcedMs
  return (
    <div role="status">
      {isShown && (
        <div class="mb-4 flex flex-wrap items-center justify-between gap-2 rounded-lg border border-line bg-note p-3 text-sm">
          <p>
            Your session ends at {clockTime(end.atMs)}.
            {!canRenew && ' Open the page again from where you came from to go on.'}
          </p>
          {canRenew && <Button onClick={renewSession}>Stay signed in</Button>}
        </div>
      )}
    </div>
  )
}

function useRenewalByUse(isDue: boolean): void {
  useEffect(() => {
    if (!isDue) return
    const renew = () => {
      stop()
      renewSession()
    }
    const stop = () => {
      removeEventListener('keydown', renew)
      removeEventListener('pointerdown', renew)
    }
    addEventListener('keydown', renew)
    addEventListener('pointerdown', renew)
    return stop
  }, [isDue])
}
