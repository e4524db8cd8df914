import { Button } from '@cloudflare/kumo/components/button'
import { CheckIcon, CopyIcon } from '@phosphor-icons/react'
import { useEffect, useState } from 'react'

type Props = {
  text: string
  /** What is copied, for screen readers: "token". */
  what: string
  isPrimary?: boolean
  /** Beside a text, without words of its own. */
  isIcon?: boolean
}

const feedbackMs = 2_000

export function CopyButton({ text, what, isPrimary, isIcon = false }: Props) {
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
  const look = { icon: state === 'copied' ? CheckIcon : CopyIcon, onClick: copy }
  return (
    <>
      {isIcon ? (
        <Button
          {...look}
          size="xs"
          variant="ghost"
          shape="square"
          aria-label={label}
          title={label}
          className="-my-0.5 shrink-0 print:hidden"
        />
      ) : (
        <Button {...look} size="sm" variant={isPrimary ? 'primary' : 'secondary'}>
          {label}
        </Button>
      )}
      <span role="status" className="sr-only">
        {state === 'idle' ? '' : label}
      </span>
    </>
  )
}
