import { Button } from '@cloudflare/kumo/components/button'
import { useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { useSignedIn } from '../session/signed-in.tsx'
import { FormDialog } from '../ui/form-dialog.tsx'
import { numberText } from '../ui/number-text.ts'
import { NumberInput } from '../ui/text-input.tsx'
import { toast } from '../ui/toasts.tsx'
import { useTask } from '../ui/use-task.ts'
import { addCredits, type Key } from './api.ts'
import { isWhole } from './limit-draft.ts'
import { useOpening } from './use-opening.ts'

export function AddCredits({ value }: { value: Key }) {
  const { canChange } = useSignedIn()
  const opening = useOpening('add-credits')
  const [isOpen, setIsOpen] = useState(opening.isOpened)
  const close = () => {
    setIsOpen(false)
    opening.close()
  }
  if (!canChange || value.credits === null || value.status === 'revoked') return null
  return (
    <>
      <Button size="sm" onClick={() => setIsOpen(true)}>
        Add credits
      </Button>
      {isOpen && <AddCreditsDialog value={value} onClose={close} />}
    </>
  )
}

function AddCreditsDialog({ value, onClose }: { value: Key; onClose: () => void }) {
  const client = useQueryClient()
  const task = useTask(addCredits)
  const [amount, setAmount] = useState('')
  const [wasSubmitted, setWasSubmitted] = useState(false)
  const error = isWhole(amount, 1) ? undefined : 'Enter a whole number of at least 1'
  const submit = async () => {
    setWasSubmitted(true)
    if (error !== undefined) return
    const done = await task.run(value.id, Number(amount))
    if (done === null) return
    await client.invalidateQueries({ queryKey: ['keys'] })
    toast(`${numberText(Number(amount))} credits added`)
    onClose()
  }
  return (
    <FormDialog
      title={`Add credits to ${value.name}`}
      subject={value.name}
      submit="Add credits"
      task={task}
      waitingFor="Adding credits"
      onSubmit={submit}
      onClose={onClose}
    >
      {value.limits_by === 'external_id' && (
        <p>All keys that share the limits of {value.external_id} can spend them.</p>
      )}
      <NumberInput
        label="Credits to add"
        className="w-48"
        value={amount}
        onValueChange={setAmount}
        error={wasSubmitted ? (error ?? task.problem?.of('add')) : undefined}
      />
    </FormDialog>
  )
}
