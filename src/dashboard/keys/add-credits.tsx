import { Button } from '@cloudflare/kumo/components/button'
import { useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { useSignedIn } from '../session/signed-in.tsx'
import { FormDialog } from '../ui/form-dialog.tsx'
import { numberText } from '../ui/number-text.ts'
import { NumberInput } from '../ui/text-input.tsx'
import { useTask } from '../ui/use-task.ts'
import { useToast } from '../ui/use-toast.ts'
import { addCredits, type Key } from './api.ts'
import { isWhole } from './limit-draft.ts'

export function AddCredits({ value }: { value: Key }) {
  const { canChange } = useSignedIn()
  const [isOpen, setIsOpen] = useState(false)
  if (!canChange || value.credits === null || value.status === 'revoked') return null
  return (
    <>
      <Button size="sm" onClick={() => setIsOpen(true)}>
        Add credits
      </Button>
      {isOpen && <AddCreditsDialog value={value} onClose={() => setIsOpen(false)} />}
    </>
  )
}

/** A new amount gets a new idempotency key, so that a retry of the same amount adds it once. */
const newInput = (amount: string) => ({ amount, idempotencyKey: crypto.randomUUID() })

function AddCreditsDialog({ value, onClose }: { value: Key; onClose: () => void }) {
  const client = useQueryClient()
  const toast = useToast()
  const task = useTask(addCredits)
  const [{ amount, idempotencyKey }, setInput] = useState(() => newInput(''))
  const [wasSubmitted, setWasSubmitted] = useState(false)
  const error = isWhole(amount, 1) ? undefined : 'Enter a whole number of at least 1'
  const submit = async () => {
    setWasSubmitted(true)
    if (error !== undefined) return
    const done = await task.run(value.id, Number(amount), idempotencyKey)
    if (done === null) return
    await client.invalidateQueries({ queryKey: ['keys'] })
    toast(`${numberText(Number(amount))} credits added`)
    onClose()
  }
  return (
    <FormDialog
      title={`Add credits to ${value.name}`}
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
        onValueChange={(text) => setInput(newInput(text))}
        error={wasSubmitted ? (error ?? task.problem?.of('add')) : undefined}
      />
    </FormDialog>
  )
}
