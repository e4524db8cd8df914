// A new token with the same powers; for a while both work, so that nothing breaks while it is put in place.
import { Select } from '@cloudflare/kumo/components/select'
import { useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { useLocation } from 'wouter'
import type { Key } from '../api/queries.ts'
import { ConfirmDialog } from '../ui/confirm-dialog.tsx'
import { useTask } from '../ui/use-task.ts'
import { waitingFor } from '../ui/use-toast.ts'
import { type MintedKey, progressOf, rotateKey } from './api.ts'
import { TokenDialog } from './token-dialog.tsx'

const overlaps = {
  '0': 'At once',
  '3600': 'After 1 hour',
  '86400': 'After 1 day',
  '604800': 'After 7 days',
  '2592000': 'After 30 days',
}

type Props = { value: Key; onClose: () => void }

export function RotateDialog({ value, onClose }: Props) {
  const client = useQueryClient()
  const [, navigate] = useLocation()
  const [overlap, setOverlap] = useState('86400')
  const [minted, setMinted] = useState<MintedKey | null>(null)
  const task = useTask(rotateKey)
  const confirm = async () => {
    const done = await task.run(value.id, Number(overlap))
    if (done !== null) setMinted(done.result.data)
  }
  const stored = (id: string) => {
    setMinted(null)
    onClose()
    navigate(`/keys/${id}`)
    return client.invalidateQueries()
  }
  if (minted !== null) {
    const hint = waitingFor(progressOf(minted)) ?? oldTokenEnds(overlap)
    return <TokenDialog minted={minted} hint={hint} onStored={() => stored(minted.id)} />
  }
  return (
    <ConfirmDialog
      title={`Rotate ${value.name}?`}
      confirm="Make the new token"
      isPending={task.isPending}
      waitingFor={
        overlap === '0'
          ? 'Making sure no region accepts the old token any more'
          : 'Making sure every region knows'
      }
      problem={task.problem}
      onConfirm={confirm}
      onClose={onClose}
    >
      <p>
        Makes a new key with the same name, scopes and restrictions. Put its token where the old one
        is before the old one stops.
      </p>
      <Select
        label="The old token stops"
        value={overlap}
        onValueChange={(next) => setOverlap(next ?? '0')}
        items={overlaps}
        disabled={task.isPending}
      />
    </ConfirmDialog>
  )
}

function oldTokenEnds(overlap: string): string {
  if (overlap === '0') return 'The old token has stopped working.'
  const [, when] = Object.entries(overlaps).find(([seconds]) => seconds === overlap) ?? []
  return `The old token goes on working for now and stops ${when?.toLowerCase()}.`
}
