import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useEffect } from 'react'
import { useLocation, useSearchParams } from 'wouter'
import { useMember, useSignedIn } from '../session/signed-in.tsx'
import { BackLink } from '../ui/back-link.tsx'
import { useDraft } from '../ui/drafts.ts'
import { useGoBack } from '../ui/from-page.ts'
import { lazyDialog } from '../ui/lazy-dialog.tsx'
import { Page } from '../ui/page.tsx'
import { QueryProblem } from '../ui/query-problem.tsx'
import { RestoredNote } from '../ui/restored-note.tsx'
import { ListSkeleton } from '../ui/skeleton.tsx'
import { dateOf } from '../ui/time.tsx'
import { toast } from '../ui/toasts.tsx'
import { useTask } from '../ui/use-task.ts'
import { editOfParams } from '../usage/key-change.ts'
import { type KeyVersion, keyQuery, updateKey } from './api.ts'
import { fillIn } from './filled-edit.ts'
import { FilledNote } from './filled-note.tsx'
import { changesOf, draftOfKey, type KeyDraft } from './key-draft.ts'
import { KeyForm } from './key-form.tsx'
import { useKeyDraft } from './use-key-draft.ts'

const EditConflictDialog = lazyDialog(() => import('./edit-conflict-dialog.tsx'))

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
      <QueryProblem query={key} />
      {key.isPending && <ListSkeleton label="Loading key" />}
      {key.data && canChange && !isRevoked && <EditForm current={key.data} />}
    </Page>
  )
}

type Edit = {
  before: KeyVersion
  fields: KeyDraft
  /** The change of the address that was filled in, which is not done twice, and why parts of it were not. */
  filled: string | null
  reasons: readonly string[]
}

/** The version that the form began with stays: what others change meanwhile is no edit of this person. */
function useEdit(current: KeyVersion) {
  const [params] = useSearchParams()
  const proposed = editOfParams(params)
  const filling = proposed && JSON.stringify(proposed)
  const withProposal = (edit: Pick<Edit, 'before' | 'fields'>): Edit => {
    if (proposed === null) return { ...edit, filled: null, reasons: [] }
    const { draft: fields, reasons } = fillIn(edit.fields, proposed, edit.before)
    return { before: edit.before, fields, filled: filling, reasons }
  }
  const draft = useDraft<Edit>(`key ${current.id}`, () =>
    withProposal({ before: current, fields: draftOfKey(current) }),
  )
  const { before, fields, filled } = draft.value
  // What had been typed before stays, with the change on top.
  const isUnfilled = filling !== null && filled !== filling
  useEffect(() => {
    if (isUnfilled) draft.set(withProposal(draft.value))
  })
  const isChanged = textOf(fields) !== textOf(draftOfKey(before))
  // Nothing is typed yet: the form follows the key.
  if (!isChanged && before.etag !== current.etag) draft.reset()
  const form = {
    value: fields,
    set: (next: typeof fields) => draft.set({ ...draft.value, fields: next }),
  }
  return { draft, before, fields, form, isFilled: filling !== null && !isUnfilled }
}

/** Without the React keys of rows, which are random. */
const textOf = (draft: KeyDraft) =>
  JSON.stringify(draft, (name, value: unknown) => (name === 'id' ? undefined : value))

function useSaving(): typeof updateKey {
  const client = useQueryClient()
  return async (...change) => {
    const progress = await updateKey(...change)
    // The page of the key must not begin with what it was.
    await client.invalidateQueries({ queryKey: ['keys'] })
    return progress
  }
}

function useInheritance({ created_by, created_by_name }: KeyVersion) {
  const { user } = useSignedIn()
  const creator = useMember(created_by)
  const name = creator?.user.name ?? created_by_name ?? 'the creator'
  return { whose: created_by === user.id ? 'your' : `${name}’s`, role: creator?.role ?? null }
}

function useLeave(id: string): () => void {
  const [, navigate] = useLocation()
  return useGoBack(() => navigate(`/keys/${id}`, { replace: true }))
}

function EditForm({ current }: { current: KeyVersion }) {
  const leave = useLeave(current.id)
  const { role } = useSignedIn()
  const { draft, before, fields: edited, form, isFilled } = useEdit(current)
  const inheritance = useInheritance(before)
  const { fields, validate } = useKeyDraft(form, before)
  const task = useTask(useSaving())
  const close = () => {
    draft.forget()
    leave()
  }
  const changes = () => changesOf(edited, Date.now(), { before, isOwner: role === 'owner' })
  const save = async (etag: string | null) => {
    if (Object.keys(changes()).length === 0) return close()
    const done = await task.run(before.id, changes(), etag)
    if (done === null) return
    toast(`${edited.name.trim()} updated`, done.result)
    close()
  }
  const isConflict = task.problem?.code === 'precondition_failed'
  return (
    <>
      <RestoredNote draft={draft} />
      {isFilled && <FilledNote before={before} changes={changes()} reasons={draft.value.reasons} />}
      <KeyForm
        // Anew where it was filled in, so that the sections that changed are open.
        key={`${draft.isRestored} ${draft.value.filled}`}
        {...fields}
        problem={isConflict ? null : task.problem}
        forget={task.forget}
        isPending={task.isPending}
        currentExpiry={`Unchanged (${before.expires_at ? dateOf(before.expires_at) : 'never'})`}
        inheritance={inheritance}
        submit="Save changes"
        waitingFor="Waiting for all regions to apply the change"
        onSubmit={() => validate() && save(before.etag)}
        onCancel={close}
      />
      {isConflict && (
        <EditConflictDialog
          before={before}
          changes={changes()}
          onSave={save}
          onDiscard={close}
          onClose={task.reset}
        />
      )}
    </>
  )
}
