// Creates a key and shows its token once.
import { useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { useLocation } from 'wouter'
import { standingQuery } from '../session/api.ts'
import { QuotaNotice } from '../session/quota-notice.tsx'
import { useSignedIn } from '../session/signed-in.tsx'
import { BackLink } from '../ui/back-link.tsx'
import { Page } from '../ui/page.tsx'
import { useTask } from '../ui/use-task.ts'
import { createKey, type MintedKey } from './api.ts'
import { emptyDraft, newKeyOf } from './key-draft.ts'
import { KeyForm } from './key-form.tsx'
import { TokenDialog } from './token-dialog.tsx'
import { useKeyDraft } from './use-key-draft.ts'

export default function NewKeyPage() {
  const { readOnlyReason } = useSignedIn()
  return (
    <Page
      title="Create API key"
      isNarrow
      above={<BackLink path="/keys">API keys</BackLink>}
      description={readOnlyReason}
    >
      <QuotaNotice quota="keys" />
      {readOnlyReason === null && <NewKeyForm />}
    </Page>
  )
}

function NewKeyForm() {
  const client = useQueryClient()
  const [, navigate] = useLocation()
  const { role } = useSignedIn()
  const [minted, setMinted] = useState<MintedKey | null>(null)
  const { draft, fields, validate } = useKeyDraft(() => emptyDraft)
  const task = useTask(createKey)
  const submit = async () => {
    if (!validate()) return
    const done = await task.run(newKeyOf(draft, Date.now()))
    if (done !== null) setMinted(done.result.data)
  }
  const onStored = (id: string) => {
    setMinted(null)
    client.invalidateQueries({ queryKey: ['keys'] })
    client.invalidateQueries({ queryKey: ['audit'] })
    client.invalidateQueries({ queryKey: standingQuery.queryKey })
    // Replaced, so that going back does not lead to a form that would create another key.
    navigate(`/keys/${id}`, { replace: true })
  }
  return (
    <>
      <KeyForm
        {...fields}
        problem={task.problem}
        isPending={task.isPending}
        inheritance={{ whose: 'your', role }}
        submit="Create key"
        waitingFor="Creating the key"
        onSubmit={submit}
        onCancel={() => navigate('/keys')}
      />
      {minted && <TokenDialog minted={minted} onStored={() => onStored(minted.id)} />}
    </>
  )
}
