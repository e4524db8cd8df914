import { Button } from '@cloudflare/kumo/components/button'
import { CheckIcon, CopyIcon } from '@phosphor-icons/react'
import { useEffect, useState } from 'react'

type Props = {
  text: string
  /** What is copied, for screen readers: "token". */
  what: string
  isPrimary?: boolean
}

const feedbackMs = 2_000

export function CopyButton({ text, what, isPrimary }: Props) {
  const [state, setState] = useState<'idle' | 'copied' | 'failed'>('idle')
  useEffect(() => {
    if (state === 'idle') return
    const timer = setTimeout(() => setState('idle'), feedbackMs)
    return () => clearTimeout(timer)
  }, [state])
  const copy = () =>
    navigator.clipboard.writeText(text).then(
      () => setState('copied'),
      () => setState('failed'),
    )
  const label = { idle: `Copy ${what}`, copied: 'Copied', failed: 'Copy failed: select the text' }[
    state
  ]
  return (
    <>
      <Button
        size="sm"
        variant={isPrimary ? 'primary' : 'secondary'}
        icon={state === 'copied' ? CheckIcon : CopyIcon}
        onClick={copy}
      >
        {label}
      </Button>
      <span role="status" className="sr-only">
        {state === 'idle' ? '' : label}
      </span>
    </>
  )
}
