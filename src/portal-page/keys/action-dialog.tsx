// The dialogs of what can be done with a key: rotate, disable, revoke.
import type { ComponentChildren } from 'preact'
import { useState } from 'preact/hooks'
import { callPortal } from '../session/portal.ts'
import type { ChangedKey, Key, MintedKey } from '../session/types.ts'
import { Button } from '../ui/button.tsx'
import { Dialog, DialogButtons } from '../ui/dialog.tsx'
import { control, Field, Select } from '../ui/fields.tsx'
import { Problem } from '../ui/problem.tsx'
import { type Task, useTask } from '../ui/use-task.ts'
import { LostToken } from './lost-token.tsx'
import type { Action } from './status.ts'

export type { Action }

type Props = {
  value: Key
  host: string | null
  onMade: (key: MintedKey) => void
  onDone: (notice: string, id: string | null) => void
  onClose: () => void
}

export function ActionDialog({ action, ...props }: Props & { action: Action }) {
  switch (action) {
    case 'rotate':
      return <RotateDialog {...props} />
    case 'disable':
      return <DisableDialog {...props} />
    case 'revoke':
      return <RevokeDialog {...props} />
  }
}

const overlaps = {
  '0': 'Stops at once',
  '3600': 'Works for 1 hour',
  '86400': 'Works for 24 hours',
  '604800': 'Works for 7 days',
}

function RotateDialog({ value, onMade, onDone, onClose }: Props) {
  const [overlap, setOverlap] = useState<keyof typeof overlaps>('86400')
  const task = useTask((overlap_seconds: number) => {
    const options = { method: 'POST', body: { overlap_seconds }, isOnce: true } as const
    return callPortal<MintedKey>(`/keys/${value.id}/rotate`, options)
  })
  const lostId = task.failure?.key_id ?? null
  if (lostId !== null) {
    return <LostToken {...{ keyId: lostId, onMade }} onClose={(id) => onDone('', id)} />
  }
  const rotate = async () => {
    const made = await task.run(Number(overlap))
    if (made !== null) onMade(made.data)
  }
  const waiting = 'Waiting until it is in force everywhere …'
  return (
    <ChangeDialog
      {...{ title: `Rotate ${value.name}`, button: 'Create new token', waiting, task }}
      onSubmit={rotate}
      onClose={onClose}
    >
      <p class="text-sm">
        The key gets a new token, with the same permissions and expiry. Choose how long the old one
        still works, so that you can change it where it is used.
      </p>
      <Field label="The old token">
        {(id) => <Select {...{ id, value: overlap, choices: overlaps }} onChange={setOverlap} />}
      </Field>
    </ChangeDialog>
  )
}

function DisableDialog({ value, host, onDone, onClose }: Props) {
  const task = useTask(() =>
    callPortal<ChangedKey>(`/keys/${value.id}`, {
      ...{ method: 'PATCH', body: { is_active: false } },
    }),
  )
  const disable = async () => {
    const done = await task.run()
    if (done !== null) onDone(noticeOf(`${value.name} is disabled.`, done.data), value.id)
  }
  return (
    <ChangeDialog
      {...{ title: `Disable ${value.name}`, button: 'Disable key', waiting: untilRefused, task }}
      isDangerous
      onSubmit={disable}
      onClose={onClose}
    >
      <p class="text-sm">
        Requests with this key fail from now on. You cannot enable it again here:{' '}
        {host === null ? 'the people who run this service' : <bdi>{host}</bdi>} can.
      </p>
    </ChangeDialog>
  )
}

function RevokeDialog({ value, onDone, onClose }: Props) {
  const [text, setText] = useState('')
  const task = useTask(() => callPortal<ChangedKey>(`/keys/${value.id}`, { method: 'DELETE' }))
  const prefix = value.key_prefix
  const revoke = async () => {
    const done = await task.run()
    if (done !== null) onDone(noticeOf(`${value.name} is revoked.`, done.data), value.id)
  }
  return (
    <ChangeDialog
      {...{ title: `Revoke ${value.name}`, button: 'Revoke key', waiting: untilRefused, task }}
      isDangerous
      isReady={text.trim().replace(/…$/, '') === prefix}
      onSubmit={revoke}
      onClose={onClose}
    >
      <p class="text-sm">
        Requests with this key fail from their next one on, and it cannot be brought back.
      </p>
      <Field label={`Type ${prefix} to confirm`}>
        {(id) => (
          <input
            id={id}
            class={`${control} font-mono`}
            value={text}
            autoComplete="off"
            autoCapitalize="off"
            spellcheck={false}
            onInput={(event) => setText(event.currentTarget.value)}
          />
        )}
      </Field>
    </ChangeDialog>
  )
}

const untilRefused = 'Waiting until it is refused everywhere …'

function noticeOf(done: string, { pending_regions }: Partial<ChangedKey>): string {
  if (!pending_regions?.length) return done
  return `${done} Some regions have not confirmed it yet, and are asked again.`
}

type ChangeProps = {
  title: string
  button: string
  waiting: string
  task: Pick<Task<never[], unknown>, 'isPending' | 'failure'>
  isDangerous?: boolean
  isReady?: boolean
  onSubmit: () => void
  onClose: () => void
  children: ComponentChildren
}

function ChangeDialog(props: ChangeProps) {
  const { title, button, waiting, task, isDangerous = false, isReady = true } = props
  const close = () => !task.isPending && props.onClose()
  const submit = (event: Event) => {
    event.preventDefault()
    if (isReady) props.onSubmit()
  }
  return (
    <Dialog title={title} isHeld={task.isPending} onClose={close}>
      <form class="flex flex-col gap-4" onSubmit={submit} noValidate>
        {props.children}
        <Problem failure={task.failure} />
        <p role="status" class="text-sm text-subtle">
          {task.isPending && waiting}
        </p>
        <DialogButtons>
          <Button onClick={close}>Cancel</Button>
          <Button
            kind={isDangerous ? 'danger' : 'primary'}
            type="submit"
            disabled={!isReady}
            isPending={task.isPending}
          >
            {button}
          </Button>
        </DialogButtons>
      </form>
    </Dialog>
  )
}
