// Settings → API keys → New API key, and then its token, once.
import { Button } from '@cloudflare/kumo/components/button'
import { useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { useLocation } from 'wouter'
import { readOnlyReason } from '../session/read-only-notice.tsx'
import { useSignedIn } from '../session/signed-in.tsx'
import { BackTo } from '../ui/back-link.tsx'
import { Page } from '../ui/page.tsx'
import { useTask } from '../ui/use-task.ts'
import { createKey, type MintedKey } from './api.ts'
import { emptyDraft, errorsIn, newKeyOf } from './key-draft.ts'
import { KeyForm } from './key-form.tsx'
import { TokenDialog } from './token-dialog.tsx'

export default function NewKeyPage() {
  const { canChange } = useSignedIn()
  return (
    <Page
      title="New API key"
      isNarrow
      above={<BackTo path="/keys">API keys</BackTo>}
      {...(!canChange && { description: readOnlyReason })}
    >
      {canChange && <NewKeyForm />}
    </Page>
  )
}

function NewKeyForm() {
  const client = useQueryClient()
  const [, navigate] = useLocation()
  const { role } = useSignedIn()
  const [draft, setDraft] = useState(emptyDraft)
  const [wasSent, setWasSent] = useState(false)
  const [minted, setMinted] = useState<MintedKey | null>(null)
  const task = useTask(createKey)
  const errors = errorsIn(draft)
  const send = async () => {
    setWasSent(true)
    if (Object.keys(errors).length > 0) return
    const done = await task.run(newKeyOf(draft, Date.now()))
    if (done === null) return
    setMinted(done.result.data)
  }
  const stored = (id: string) => {
    setMinted(null)
    client.invalidateQueries({ queryKey: ['keys'] })
    client.invalidateQueries({ queryKey: ['audit'] })
    // Going back then leads to the list, not to a form that would make another key.
    navigate(`/keys/${id}`, { replace: true })
  }
  return (
    <>
      <KeyForm
        draft={draft}
        onChange={setDraft}
        errors={wasSent ? errors : {}}
        problem={task.problem}
        isPending={task.isPending}
        inherits={{ whose: 'your', role }}
        submit="Create key"
        waitingFor="Making the key"
        onSubmit={send}
        cancel={
          <Button disabled={task.isPending} onClick={() => navigate('/keys')}>
            Cancel
          </Button>
        }
      />
      {minted && <TokenDialog minted={minted} onStored={() => stored(minted.id)} />}
    </>
  )
}
