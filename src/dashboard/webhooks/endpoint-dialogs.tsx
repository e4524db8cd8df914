// The dialogs of an endpoint's actions.
import { useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { useLocation } from 'wouter'
import { standingQuery } from '../session/api.ts'
import { FormDialog } from '../ui/form-dialog.tsx'
import { useHoldPage } from '../ui/held-page.ts'
import { defaultOverlap, OverlapSelect } from '../ui/overlap-select.tsx'
import { toast } from '../ui/toasts.tsx'
import { useTask } from '../ui/use-task.ts'
import {
  deleteEndpoint,
  type Endpoint,
  type EndpointInput,
  type MadeEndpoint,
  rotateSecret,
  updateEndpoint,
} from './api.ts'
import { endpointChanges } from './endpoint-changes.ts'
import { EndpointFormDialog } from './endpoint-form-dialog.tsx'
import { SecretDialog } from './secret-dialog.tsx'

export type EndpointAction = 'edit' | 'rotate' | 'delete'

type DialogProps = { endpoint: Endpoint; onClose: () => void }
type Props = DialogProps & { action: EndpointAction | null }

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

function EditDialog({ endpoint, onClose }: DialogProps) {
  const client = useQueryClient()
  // As it was when the form was opened: what others change meanwhile is no edit of this person.
  const [before] = useState(endpoint)
  const task = useTask(async (input: Required<EndpointInput>) => {
    const changes = endpointChanges(before, input)
    if (Object.keys(changes).length > 0) await updateEndpoint(before.id, changes)
  })
  const onDone = () => {
    onClose()
    return client.invalidateQueries({ queryKey: ['webhooks'] })
  }
  return (
    <EndpointFormDialog
      title="Edit endpoint"
      submit="Save changes"
      endpoint={before}
      task={task}
      onDone={onDone}
      onClose={onClose}
    />
  )
}

function RotateSecretDialog({ endpoint, onClose }: DialogProps) {
  const client = useQueryClient()
  const [overlap, setOverlap] = useState(defaultOverlap)
  const [made, setMade] = useState<MadeEndpoint | null>(null)
  const task = useTask(rotateSecret)
  useHoldPage(task.isPending)
  const confirm = async () => {
    const done = await task.run(endpoint.id, Number(overlap))
    if (done !== null) setMade(done.result)
  }
  const onStored = () => {
    onClose()
    return client.invalidateQueries({ queryKey: ['webhooks'] })
  }
  if (made !== null) return <SecretDialog made={made} onStored={onStored} />
  return (
    <FormDialog
      title="Rotate the signing secret?"
      submit="Create new secret"
      task={task}
      waitingFor="Creating the secret"
      onSubmit={confirm}
      onClose={onClose}
    >
      <p>
        Until the old secret expires, every message is signed with both secrets, so a receiver with
        either one accepts it.
      </p>
      <OverlapSelect
        label="Old secret expires"
        overlap={overlap}
        isDisabled={task.isPending}
        onChange={setOverlap}
      />
    </FormDialog>
  )
}

function DeleteDialog({ endpoint, onClose }: DialogProps) {
  const client = useQueryClient()
  const [, navigate] = useLocation()
  const task = useTask(deleteEndpoint)
  const confirm = async () => {
    if ((await task.run(endpoint.id)) === null) return
    toast('Endpoint deleted')
    navigate('/webhooks')
    client.invalidateQueries({ queryKey: standingQuery.queryKey })
    await client.invalidateQueries({ queryKey: ['webhooks', 'list'] })
  }
  return (
    <FormDialog
      title="Delete the endpoint?"
      submit="Delete endpoint"
      isDestructive
      task={task}
      waitingFor="Deleting the endpoint"
      onSubmit={confirm}
      onClose={onClose}
    >
      <p>
        Its deliveries are deleted too, including those still pending to{' '}
        <code className="font-mono text-sm break-all">{endpoint.url}</code>.
      </p>
    </FormDialog>
  )
}
