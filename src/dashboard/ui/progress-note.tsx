// What is being waited for. A change is answered only once it is in force everywhere, which takes two
// seconds or more: said, so that nobody thinks that the page hangs.
import { Loader } from '@cloudflare/kumo/components/loader'
import { useEffect, useState } from 'react'

const patienceMs = 8_000

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
    const timer = setTimeout(() => setIsLong(true), patienceMs)
    return () => clearTimeout(timer)
  }, [])
  return (
    <p className="flex items-center gap-2 text-base text-kumo-default">
      <Loader size="sm" />
      {text}
      {isLong && ' – a region is slow to answer'}…
    </p>
  )
}
