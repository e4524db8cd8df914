// Topping up the credits of a key.
import { Button } from '@cloudflare/kumo/components/button'
import { Input } from '@cloudflare/kumo/components/input'
import { useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import type { Key } from '../api/queries.ts'
import { useSignedIn } from '../session/signed-in.tsx'
import { ConfirmDialog } from '../ui/confirm-dialog.tsx'
import { errorOf } from '../ui/error-prop.ts'
import { useTask } from '../ui/use-task.ts'
import { useAnnounce } from '../ui/use-toast.ts'
import { numberText } from '../usage/verdicts.ts'
import { addCredits } from './api.ts'
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
      {isOpen && <AddDialog value={value} onClose={() => setIsOpen(false)} />}
    </>
  )
}

/** Sent again, the same amount under the same key is added once. */
const newCreditInput = (amount: string) => ({ amount, idempotencyKey: crypto.randomUUID() })

function AddDialog({ value, onClose }: { value: Key; onClose: () => void }) {
  const client = useQueryClient()
  const announce = useAnnounce()
  const task = useTask(addCredits)
  const [wish, setCreditInput] = useState(() => newCreditInput(''))
  const [wasSent, setWasSent] = useState(false)
  const wrong = isWhole(wish.amount, 1) ? undefined : 'Give a whole number from 1'
  const send = async () => {
    setWasSent(true)
    if (wrong !== undefined) return
    const done = await task.run(value.id, Number(wish.amount), wish.idempotencyKey)
    if (done === null) return
    await client.invalidateQueries({ queryKey: ['keys'] })
    announce(`${numberText(Number(wish.amount))} credits are added`)
    onClose()
  }
  return (
    <ConfirmDialog
      title={`Add credits to ${value.name}`}
      confirm="Add"
      isPending={task.isPending}
      waitingFor="Adding the credits"
      problem={task.problem}
      onConfirm={send}
      onClose={onClose}
    >
      {value.limits_by === 'external_id' && (
        <p>All keys that share the limits of {value.external_id} can spend them.</p>
      )}
      <Input
        label="Credits to add"
        className="w-48"
        inputMode="numeric"
        autoComplete="off"
        value={wish.amount}
        onChange={(event) => setCreditInput(newCreditInput(event.currentTarget.value))}
        passwordManagerIgnore
        {...errorOf(wasSent ? (wrong ?? task.problem?.of('add')) : undefined)}
      />
    </ConfirmDialog>
  )
}
