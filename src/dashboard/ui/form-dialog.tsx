// A dialog that holds a form. It cannot be closed while the submitted form is in progress, and what was typed into it is
// kept until it is sent or cancelled.
import { Button } from '@cloudflare/kumo/components/button'
import { type ReactNode, useId } from 'react'
import type { ProblemText } from '../api/problem-text.ts'
import { dropDraft, useKeptFields } from './drafts.ts'
import { Form } from './form.tsx'
import type { Fields } from './handle-submit.ts'
import { Modal } from './modal.tsx'
import { ProblemBanner } from './problem-banner.tsx'
import { ProgressNote } from './progress-note.tsx'

export type FormDialogProps = {
  title: string
  /** A name within the title. */
  subject?: string
  size?: 'lg' | 'xl'
  submit: string
  cancel?: string
  isDestructive?: boolean
  isReady?: boolean
  task: { isPending: boolean; problem: Error | null; forget?: (field: string) => void }
  /** Codes that mean something else here. */
  texts?: Record<string, ProblemText>
  /** What the task waits for. */
  waitingFor?: string
  noValidate?: boolean
  onSubmit: (fields: Fields) => void
  onClose: () => void
  children: ReactNode
}

export function FormDialog(props: FormDialogProps) {
  const {
    title,
    size = 'lg',
    submit,
    cancel = 'Cancel',
    isReady = true,
    waitingFor,
    onClose,
  } = props
  const { isPending, problem } = props.task
  const formId = useId()
  const form = useKeptFields(title)
  const close = () => {
    dropDraft(title)
    onClose()
  }
  return (
    <Modal
      title={title}
      subject={props.subject}
      size={size}
      onClose={isPending ? undefined : close}
      buttons={
        <>
          <Button onClick={close} disabled={isPending}>
            {cancel}
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
      <Form
        id={formId}
        ref={form}
        noValidate={props.noValidate}
        className="flex flex-col gap-4 text-base"
        task={props.task}
        onFields={(fields) => isReady && props.onSubmit(fields)}
      >
        {props.children}
        {waitingFor && <ProgressNote isShown={isPending}>{waitingFor}</ProgressNote>}
        <ProblemBanner problem={problem} {...(props.texts && { texts: props.texts })} />
      </Form>
    </Modal>
  )
}
