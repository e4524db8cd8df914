// A dialog that holds a form. It cannot be closed while the submitted form is in progress.
import { Button } from '@cloudflare/kumo/components/button'
import { type ReactNode, useId } from 'react'
import { type Fields, handleSubmit } from './handle-submit.ts'
import { Modal } from './modal.tsx'
import { ProblemBanner } from './problem-banner.tsx'
import { ProgressNote } from './progress-note.tsx'

export type FormDialogProps = {
  title: string
  size?: 'lg' | 'xl'
  submit: string
  isDestructive?: boolean
  isReady?: boolean
  task: { isPending: boolean; problem: Error | null }
  /** What the task waits for. */
  waitingFor?: string
  noValidate?: boolean
  onSubmit: (fields: Fields) => void
  onClose: () => void
  children: ReactNode
}

export function FormDialog(props: FormDialogProps) {
  const { title, size = 'lg', submit, isReady = true, waitingFor, onClose } = props
  const { isPending, problem } = props.task
  const formId = useId()
  return (
    <Modal
      title={title}
      size={size}
      onClose={isPending ? undefined : onClose}
      buttons={
        <>
          <Button onClick={onClose} disabled={isPending}>
            Cancel
          </Button>
          <Button
            type="submit"
            form={formId}
            variant={props.isDestructive ? 'destructive' : 'primary'}
            disabled={!isReady}
            loading={isPending}
          >
            {submit}
          </Button>
        </>
      }
    >
      <form
        id={formId}
        noValidate={props.noValidate}
        className="flex flex-col gap-4 text-base"
        onSubmit={handleSubmit((fields) => {
          if (isReady && !isPending) props.onSubmit(fields)
        })}
      >
        {props.children}
        {waitingFor && <ProgressNote isShown={isPending}>{waitingFor}</ProgressNote>}
        <ProblemBanner problem={problem} />
      </form>
    </Modal>
  )
}
