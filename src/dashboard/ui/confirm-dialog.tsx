// "Are you sure": what will happen, perhaps a word to type, and the wait until it has.
import { Button } from '@cloudflare/kumo/components/button'
import { Input } from '@cloudflare/kumo/components/input'
import { type ReactNode, useState } from 'react'
import type { ApiProblem } from '../api/problem.ts'
import { Modal } from './modal.tsx'
import { ProblemBanner } from './problem-banner.tsx'
import { ProgressNote } from './progress-note.tsx'

type Props = {
  title: string
  children: ReactNode
  confirm: string
  /** Must be typed before the button works. */
  typed?: string
  isDestructive?: boolean
  isPending: boolean
  waitingFor: string
  problem: ApiProblem | null
  onConfirm: () => void
  onClose: () => void
}

export function ConfirmDialog(props: Props) {
  const { title, children, confirm, typed, isPending, waitingFor, problem, onClose } = props
  const [text, setText] = useState('')
  const isReady = typed === undefined || text.trim() === typed
  const submit = (event: { preventDefault(): void }) => {
    event.preventDefault()
    if (isReady && !isPending) props.onConfirm()
  }
  return (
    <Modal
      title={title}
      onClose={isPending ? undefined : onClose}
      buttons={
        <>
          <Button onClick={onClose} disabled={isPending}>
            Cancel
          </Button>
          <Button
            type="submit"
            form="confirm"
            variant={props.isDestructive ? 'destructive' : 'primary'}
            disabled={!isReady}
            loading={isPending}
          >
            {confirm}
          </Button>
        </>
      }
    >
      <form id="confirm" onSubmit={submit} className="flex flex-col gap-4 text-base">
        {children}
        {typed !== undefined && <TypedWord {...{ typed, text, setText }} isOff={isPending} />}
        <ProgressNote isShown={isPending}>{waitingFor}</ProgressNote>
        <ProblemBanner problem={problem} />
      </form>
    </Modal>
  )
}

type TypedProps = { typed: string; text: string; setText: (text: string) => void; isOff: boolean }

function TypedWord({ typed, text, setText, isOff }: TypedProps) {
  return (
    <Input
      label={
        <>
          Type <strong className="font-mono break-all">{typed}</strong> to confirm
        </>
      }
      value={text}
      onChange={(event) => setText(event.currentTarget.value)}
      autoComplete="off"
      autoCapitalize="off"
      spellCheck={false}
      disabled={isOff}
      passwordManagerIgnore
    />
  )
}
