import { Button } from '@cloudflare/kumo/components/button'
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { useLocation } from 'wouter'
import { type Key, keyQuery } from '../api/queries.ts'
import { readOnlyReason } from '../session/read-only-notice.tsx'
import { useMember, useSignedIn } from '../session/signed-in.tsx'
import { BackTo } from '../ui/back-link.tsx'
import { Page } from '../ui/page.tsx'
import { ProblemBanner } from '../ui/problem-banner.tsx'
import { ListSkeleton } from '../ui/skeleton.tsx'
import { dateOf } from '../ui/time.tsx'
import { useTask } from '../ui/use-task.ts'
import { useAnnounce } from '../ui/use-toast.ts'
import { updateKey } from './api.ts'
import { changesOf, draftOf, errorsIn } from './key-draft.ts'
import { KeyForm } from './key-form.tsx'

export default function EditKeyPage({ id }: { id: string }) {
  const key = useQuery(keyQuery(id))
  const { canChange } = useSignedIn()
  const isRevoked = key.data?.status === 'revoked'
  return (
    <Page
      title={key.data ? `Edit ${key.data.name}` : 'Edit'}
      isNarrow
      above={<BackTo path={`/keys/${id}`}>{key.data?.name ?? 'The key'}</BackTo>}
      description={
        !canChange ? readOnlyReason : isRevoked ? 'A revoked key stays as it is.' : undefined
      }
    >
      <ProblemBanner problem={key.error} onRetry={() => key.refetch()} />
      {key.isPending && <ListSkeleton label="Loading the key" />}
      {key.data && canChange && !isRevoked && <EditForm value={key.data} />}
    </Page>
  )
}

function EditForm({ value }: { value: Key }) {
  const client = useQueryClient()
  const [, navigate] = useLocation()
  const announce = useAnnounce()
  const creator = useMember(value.created_by)
  const { user } = useSignedIn()
  const [draft, setDraft] = useState(() => draftOf(value))
  const [wasSent, setWasSent] = useState(false)
  const task = useTask(updateKey)
  const errors = errorsIn(draft, value)
  const back = () => navigate(`/keys/${value.id}`, { replace: true })
  const send = async () => {
    setWasSent(true)
    if (Object.keys(errors).length > 0) return
    const done = await task.run(value.id, changesOf(draft, Date.now()))
    await client.invalidateQueries()
    if (done === null) return
    announce(`${draft.name.trim()} is changed`, done.result)
    back()
  }
  const isOwn = value.created_by === user.id
  const name = creator?.user.name ?? value.created_by_name ?? 'its creator'
  return (
    <KeyForm
      draft={draft}
      onChange={setDraft}
      errors={wasSent ? errors : {}}
      problem={task.problem}
      isPending={task.isPending}
      existing={{ expiry: `Unchanged: ${value.expires_at ? dateOf(value.expires_at) : 'never'}` }}
      inherits={{ whose: isOwn ? 'your' : `${name}’s`, role: creator?.role ?? null }}
      submit="Save"
      waitingFor="Making sure every region knows"
      onSubmit={send}
      cancel={
        <Button disabled={task.isPending} onClick={back}>
          Cancel
        </Button>
      }
    />
  )
}
