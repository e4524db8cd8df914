// Above every page while requests are not answered: since when, so that nothing on it passes for new.
import { Banner } from '@cloudflare/kumo/components/banner'
import { Button } from '@cloudflare/kumo/components/button'
import { PlugsIcon } from '@phosphor-icons/react'
import { useEffect } from 'react'
import { isAnswering } from '../api/client.ts'
import { connection } from '../api/connection.ts'
import { exactTime } from './time.tsx'
import { useConnection } from './use-connection.ts'

const retryMs = 5_000

export function ConnectionNotice() {
  const { isOffline, isLost } = useConnection()
  const isBroken = isOffline || isLost
  useEffect(() => {
    if (!isBroken) return
    const timer = setInterval(isAnswering, retryMs)
    return () => clearInterval(timer)
  }, [isBroken])
  return (
    <div role="status" className="empty:hidden px-4 pt-4 md:px-8">
      {isBroken && (
        <Banner
          variant="alert"
          // Kumo's colour has a contrast of 4; WCAG AA needs 4.5.
          className="text-kumo-default"
          icon={<PlugsIcon weight="fill" />}
          title={isOffline ? 'You are offline' : 'Latchkey does not answer'}
          description={`What is shown is of ${exactTime(connection.answeredAtMs())}. It is read again as soon as there is an answer.`}
          action={
            <Button size="sm" onClick={isAnswering}>
              Try again
            </Button>
          }
        />
      )}
    </div>
  )
}
