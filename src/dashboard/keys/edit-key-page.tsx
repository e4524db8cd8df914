import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useLocation } from 'wouter'
import { useMember, useSignedIn } from '../session/signed-in.tsx'
import { BackLink } from '../ui/back-link.tsx'
import { Page } from '../ui/page.tsx'
import { ProblemBanner } from '../ui/problem-banner.tsx'
import { ListSkeleton } from '../ui/skeleton.tsx'
import { dateOf } from '../ui/time.tsx'
import { useTask } from '../ui/use-task.ts'
import { useToast } from '../ui/use-toast.ts'
import { type Key, keyQuery, updateKey } from './api.ts'
import { changesOf, draftOfKey } from './key-draft.ts'
import { KeyForm } from './key-form.tsx'
import { useKeyDraft } from './use-key-draft.ts'

export default function EditKeyPage({ id }: { id: string }) {
  const key = useQuery(keyQuery(id))
  const { canChange, readOnlyReason } = useSignedIn()
  const isRevoked = key.data?.status === 'revoked'
  return (
    <Page
      title={key.data ? `Edit ${key.data.name}` : 'Edit'}
      isNarrow
      above={<BackLink path={`/keys/${id}`}>{key.data?.name ?? 'API key'}</BackLink>}
      description={readOnlyReason ?? (isRevoked && 'A revoked key cannot be changed.')}
    >
      <ProblemBanner problem={key.error} onRetry={() => key.refetch()} />
      {key.isPending && <ListSkeleton label="Loading key" />}
      {key.data && canChange && !isRevoked && <EditForm value={key.data} />}
    </Page>
  )
}

function EditForm({ value }: { value: Key }) {
  const client = useQueryClient()
  const [, navigate] = useLocation()
  const toast = useToast()
  const creator = useMember(value.created_by)
  const { user, role } = useSignedIn()
  const { draft, fields, validate } = useKeyDraft(() => draftOfKey(value), value)
  const task = useTask(updateKey)
  const close = () => navigate(`/keys/${value.id}`, { replace: true })
  const submit = async () => {
    if (!validate()) return
    const done = await task.run(
      value.id,
      changesOf(draft, Date.now(), { before: value, isOwner: role === 'owner' }),
    )
    await client.invalidateQueries()
    if (done === null) return
    toast(`${draft.name.trim()} updated`, done.result)
    close()
  }
  const isOwn = value.created_by === user.id
  const creatorName = creator?.user.name ?? value.created_by_name ?? 'the creator'
  return (
    <KeyForm
      {...fields}
      problem={task.problem}
      isPending={task.isPending}
      currentExpiry={`Unchanged (${value.expires_at ? dateOf(value.expires_at) : 'never'})`}
      inheritance={{ whose: isOwn ? 'your' : `${creatorName}’s`, role: creator?.role ?? null }}
      submit="Save changes"
      waitingFor="Waiting for all regions to apply the change"
      onSubmit={submit}
      onCancel={close}
    />
  )
}
