import type { Passkey } from '../session/factor-api.ts'
import { FormDialog } from '../ui/form-dialog.tsx'
import { TextInput } from '../ui/text-input.tsx'
import { useTask } from '../ui/use-task.ts'
import { userAgentName } from '../ui/user-agent.ts'
import { addPasskey, removePasskey, renamePasskey } from './api.ts'
import { LastFactorWarning } from './removal.tsx'
import { useFactorChange } from './use-enrolment.ts'

type AddProps = { onAdded: (name: string, codes: string[] | null) => void; onClose: () => void }

export function AddPasskeyDialog({ onAdded, onClose }: AddProps) {
  const task = useTask(addPasskey)
  const add = async (name: string) => {
    const done = await task.run(name)
    if (done !== null) onAdded(name, done.result)
  }
  return (
    <FormDialog
      title="Add passkey"
      submit="Continue"
      task={task}
      waitingFor="Waiting for your device"
      onSubmit={({ trimmed }) => add(trimmed('name'))}
      onClose={onClose}
    >
      <p>Your device asks you to confirm with fingerprint, face, PIN or a security key.</p>
      <NameField
        defaultValue={userAgentName(navigator.userAgent)}
        error={task.problem?.of('name')}
        isPending={task.isPending}
      />
    </FormDialog>
  )
}

type Props = { passkey: Passkey; onClose: () => void }

export function RenamePasskeyDialog({ passkey: { id, name }, onClose }: Props) {
  const changed = useFactorChange()
  const task = useTask(renamePasskey)
  const rename = async (next: string) => {
    if ((await task.run(id, next)) === null) return
    onClose()
    await changed('Passkey renamed')
  }
  return (
    <FormDialog
      title={`Rename passkey ${name}`}
      subject={name}
      submit="Rename"
      task={task}
      onSubmit={({ trimmed }) => rename(trimmed('name'))}
      onClose={onClose}
    >
      <NameField defaultValue={name} error={task.problem?.of('name')} isPending={task.isPending} />
    </FormDialog>
  )
}

export function RemovePasskeyDialog({ passkey, isLast, onClose }: Props & { isLast: boolean }) {
  const { id, name } = passkey
  const changed = useFactorChange()
  const task = useTask(removePasskey)
  const remove = async () => {
    if ((await task.run(id)) === null) return
    onClose()
    await changed(`Passkey ${name} removed`)
  }
  return (
    <FormDialog
      title={`Remove passkey ${name}?`}
      subject={name}
      submit="Remove passkey"
      isDestructive
      task={task}
      onSubmit={remove}
      onClose={onClose}
    >
      <p>
        You can no longer sign in with it. Your device or password manager keeps it until you delete
        it there.
      </p>
      <LastFactorWarning isLast={isLast} />
    </FormDialog>
  )
}

type FieldProps = { defaultValue: string; error: string | undefined; isPending: boolean }

function NameField({ defaultValue, error, isPending }: FieldProps) {
  return (
    <TextInput
      label="Name"
      name="name"
      description="By which you recognise it."
      defaultValue={defaultValue}
      maxLength={80}
      required
      autoComplete="off"
      passwordManagerIgnore
      disabled={isPending}
      error={error}
    />
  )
}
