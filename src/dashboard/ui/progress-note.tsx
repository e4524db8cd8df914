// What a request is waiting for. A change is answered when it is in force everywhere, which takes two seconds
// or more.
import { Loader } from '@cloudflare/kumo/components/loader'
import { useEffect, useState } from 'react'

const slowAfterMs = 8_000

export function ProgressNote({ isShown, children }: { isShown: boolean; children: string }) {
  return (
    <div role="status" className="empty:hidden">
      {isShown && <Waiting text={children} />}
    </div>
  )
}

function Waiting({ text }: { text: string }) {
  const [isLong, setIsLong] = useState(false)
  useEffect(() => {
    const timer = setTimeout(() => setIsLong(true), slowAfterMs)
    return () => clearTimeout(timer)
  }, [])
  return (
    <p className="flex items-center gap-2 text-base text-kumo-default">
      <Loader size="sm" />
      {text}
      {isLong && ' (a region is slow to respond)'}…
    </p>
  )
}
