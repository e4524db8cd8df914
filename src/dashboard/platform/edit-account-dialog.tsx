import { useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { FormDialog } from '../ui/form-dialog.tsx'
import type { Fields } from '../ui/handle-submit.ts'
import { NumberInput, TextInput } from '../ui/text-input.tsx'
import { toast } from '../ui/toasts.tsx'
import { useTask } from '../ui/use-task.ts'
import {
  accountChanges,
  type QuotaKind,
  quotaErrors,
  quotaKinds,
  quotaNames,
} from './account-changes.ts'
import { type Account, type AccountChanges, updateAccount } from './api.ts'

type Props = { value: Account; onClose: () => void }

export function EditAccountDialog({ value: current, onClose }: Props) {
  // As it was when the form was opened: what is loaded again meanwhile changes no field.
  const [value] = useState(current)
  const client = useQueryClient()
  const task = useTask((changes: AccountChanges) => updateAccount(value.id, changes))
  const [errors, setErrors] = useState<Partial<Record<QuotaKind, string>>>({})
  const submit = async ({ trimmed }: Fields) => {
    const found = quotaErrors(trimmed)
    setErrors(found)
    if (Object.keys(found).length > 0) return
    const changes = accountChanges(value, trimmed)
    if (Object.keys(changes).length === 0) return onClose()
    const done = await task.run(changes)
    // The name is that of this page's account, too, where the platform changes its own.
    await client.invalidateQueries()
    if (done === null) return
    toast(`${changes.name ?? value.name} updated`, done.result)
    onClose()
  }
  return (
    <FormDialog
      title={`Edit ${value.name}`}
      subject={value.name}
      submit="Save changes"
      task={task}
      waitingFor="Waiting for all regions to apply the change"
      onSubmit={submit}
      onClose={onClose}
    >
      <TextInput
        label="Account name"
        name="name"
        defaultValue={value.name}
        autoComplete="off"
        required
        passwordManagerIgnore
        error={task.problem?.of('name')}
      />
      {value.quotas && (
        <QuotaFields
          quotas={value.quotas}
          errorOf={(kind) => errors[kind] ?? task.problem?.of(`quotas.${kind}`)}
        />
      )}
    </FormDialog>
  )
}

type QuotaProps = {
  quotas: NonNullable<Account['quotas']>
  errorOf: (kind: QuotaKind) => string | undefined
}

function QuotaFields({ quotas, errorOf }: QuotaProps) {
  return (
    <fieldset className="flex flex-col gap-3">
      <legend className="mb-3 text-base font-semibold text-kumo-default">Quotas</legend>
      <div className="grid gap-4 sm:grid-cols-2">
        {quotaKinds.map((kind) => (
          <NumberInput
            key={kind}
            label={quotaNames[kind]}
            name={kind}
            defaultValue={String(quotas[kind])}
            error={errorOf(kind)}
          />
        ))}
      </div>
      <p className="text-sm text-kumo-subtle">
        An empty field sets the default. A quota below what the account has ends nothing: it refuses
        more.
      </p>
    </fieldset>
  )
}
