// Creates an account, and shows the link of its owner's invitation once.
import { useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { useLocation } from 'wouter'
import type { ApiProblem } from '../api/problem.ts'
import { FormDialog } from '../ui/form-dialog.tsx'
import type { Fields } from '../ui/handle-submit.ts'
import { TextInput } from '../ui/text-input.tsx'
import { toast } from '../ui/toasts.tsx'
import { useTask } from '../ui/use-task.ts'
import { accountsKey, createAccount, type OwnerInvitation } from './api.ts'
import { OwnerLinkDialog } from './owner-link-dialog.tsx'

type Created = { id: string; invitation: OwnerInvitation | null }

export function CreateAccountDialog({ onClose }: { onClose: () => void }) {
  const client = useQueryClient()
  const [, navigate] = useLocation()
  const [created, setCreated] = useState<Created | null>(null)
  const task = useTask(createAccount)
  const open = (id: string) => {
    onClose()
    navigate(`/accounts/${id}`)
    return client.invalidateQueries({ queryKey: accountsKey })
  }
  const submit = async ({ trimmed }: Fields) => {
    const owner_email = trimmed('owner_email')
    const done = await task.run({ name: trimmed('name'), ...(owner_email && { owner_email }) })
    if (done === null) return
    toast(`${done.result.name} created`)
    if (done.result.invitation !== null) setCreated(done.result)
    else await open(done.result.id)
  }
  if (created?.invitation) {
    return <OwnerLinkDialog invitation={created.invitation} onClose={() => open(created.id)} />
  }
  return (
    <FormDialog
      title="Create account"
      submit="Create account"
      task={task}
      onSubmit={submit}
      onClose={onClose}
    >
      <AccountFields problem={task.problem} />
    </FormDialog>
  )
}

function AccountFields({ problem }: { problem: ApiProblem | null }) {
  return (
    <>
      <TextInput
        label="Account name"
        name="name"
        autoComplete="off"
        required
        passwordManagerIgnore
        error={problem?.of('name')}
      />
      <TextInput
        label="E-mail of its owner"
        name="owner_email"
        type="email"
        autoComplete="off"
        passwordManagerIgnore
        description="Gets an invitation, whose link is shown next. You can invite the owner later, too."
        error={problem?.of('owner_email')}
      />
    </>
  )
}
