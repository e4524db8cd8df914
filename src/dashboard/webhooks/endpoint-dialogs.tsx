// What can be done to an endpoint, each in its dialog.
import { Select } from '@cloudflare/kumo/components/select'
import { useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { useLocation } from 'wouter'
import { ConfirmDialog } from '../ui/confirm-dialog.tsx'
import { useTask } from '../ui/use-task.ts'
import { useAnnounce } from '../ui/use-toast.ts'
import {
  changeEndpoint,
  deleteEndpoint,
  type Endpoint,
  type EndpointDraft,
  type EndpointWithSecret,
  rotateSecret,
} from './api.ts'
import { EndpointDialog } from './endpoint-form-dialog.tsx'
import { SecretDialog } from './secret-dialog.tsx'

export type EndpointAction = 'edit' | 'rotate' | 'delete'

type Props = { action: EndpointAction | null; endpoint: Endpoint; onClose: () => void }

export function EndpointDialogs({ action, ...props }: Props) {
  switch (action) {
    case 'edit':
      return <EditDialog {...props} />
    case 'rotate':
      return <RotateSecretDialog {...props} />
    case 'delete':
      return <DeleteDialog {...props} />
    case null:
      return null
  }
}

type OneProps = Omit<Props, 'action'>

function EditDialog({ endpoint, onClose }: OneProps) {
  const client = useQueryClient()
  const task = useTask((draft: Required<EndpointDraft>) => changeEndpoint(endpoint.id, draft))
  const done = () => {
    onClose()
    return client.invalidateQueries({ queryKey: ['webhooks'] })
  }
  return (
    <EndpointDialog
      title="Edit the endpoint"
      submit="Save"
      endpoint={endpoint}
      task={task}
      onDone={done}
      onClose={onClose}
    />
  )
}

const overlaps = {
  '0': 'At once',
  '3600': 'After 1 hour',
  '86400': 'After 1 day',
  '604800': 'After 7 days',
}

function RotateSecretDialog({ endpoint, onClose }: OneProps) {
  const client = useQueryClient()
  const [overlap, setOverlap] = useState('86400')
  const [made, setMade] = useState<EndpointWithSecret | null>(null)
  const task = useTask(rotateSecret)
  const confirm = async () => {
    const done = await task.run(endpoint.id, Number(overlap))
    if (done !== null) setMade(done.result)
  }
  const stored = () => {
    onClose()
    return client.invalidateQueries({ queryKey: ['webhooks'] })
  }
  if (made !== null) return <SecretDialog made={made} onStored={stored} />
  return (
    <ConfirmDialog
      title="Rotate the signing secret?"
      confirm="Make the new secret"
      isPending={task.isPending}
      waitingFor="Making the secret"
      problem={task.problem}
      onConfirm={confirm}
      onClose={onClose}
    >
      <p>
        Until the old secret stops, every message carries a signature by each: a receiver that knows
        either accepts it.
      </p>
      <Select
        label="The old secret stops"
        value={overlap}
        onValueChange={(next) => setOverlap(next ?? '0')}
        items={overlaps}
        disabled={task.isPending}
      />
    </ConfirmDialog>
  )
}

function DeleteDialog({ endpoint, onClose }: OneProps) {
  const client = useQueryClient()
  const announce = useAnnounce()
  const [, navigate] = useLocation()
  const task = useTask(deleteEndpoint)
  const confirm = async () => {
    if ((await task.run(endpoint.id)) === null) return
    announce('The endpoint is deleted')
    navigate('/webhooks')
    await client.invalidateQueries({ queryKey: ['webhooks', 'list'] })
  }
  return (
    <ConfirmDialog
      title="Delete the endpoint?"
      confirm="Delete"
      isDestructive
      isPending={task.isPending}
      waitingFor="Deleting the endpoint"
      problem={task.problem}
      onConfirm={confirm}
      onClose={onClose}
    >
      <p>
        Its messages go with it, also those that still wait to be sent to{' '}
        <code className="font-mono text-sm break-all">{endpoint.url}</code>.
      </p>
    </ConfirmDialog>
  )
}
