// Somebody else changed the key since its form was opened: both versions side by side, with who and when.
import { Button } from '@cloudflare/kumo/components/button'
import { useQuery } from '@tanstack/react-query'
import type { ReactNode } from 'react'
import { ActorName } from '../audit/actor-name.tsx'
import { auditQuery } from '../audit/api.ts'
import { Modal } from '../ui/modal.tsx'
import { QueryProblem } from '../ui/query-problem.tsx'
import { ListSkeleton } from '../ui/skeleton.tsx'
import { RelativeTime } from '../ui/time.tsx'
import { type KeyChanges, type KeyVersion, keyQuery } from './api.ts'
import { changedBy, compareVersions, type VersionRow } from './key-versions.ts'

type Props = {
  before: KeyVersion
  changes: KeyChanges
  /** Saves the changes on top of a version. */
  onSave: (etag: string | null) => void
  onDiscard: () => void
  onClose: () => void
}

export default function EditConflictDialog({ before, changes, ...props }: Props) {
  // Opened again when somebody was faster once more.
  const key = useQuery({ ...keyQuery(before.id), staleTime: 0, refetchOnMount: 'always' })
  const now = key.isFetching ? undefined : key.data
  const rows = now && compareVersions(before, now, changes)
  const isSaved = rows?.every(({ theirs, mine }) => theirs === mine) ?? false
  return (
    <Modal
      title={isSaved ? 'Your changes are saved already' : 'Somebody else changed this key'}
      description={
        isSaved
          ? 'Only the answer that said so was lost.'
          : 'Since you opened the form. Nothing of yours is saved yet.'
      }
      size="xl"
      onClose={props.onClose}
      buttons={isSaved ? <Close {...props} /> : <Choice {...props} now={now} />}
    >
      <QueryProblem query={key} />
      {rows ? <Versions id={before.id} rows={rows} /> : <ListSkeleton label="Loading versions" />}
    </Modal>
  )
}

type ChoiceProps = Pick<Props, 'onSave' | 'onDiscard' | 'onClose'>

const Close = ({ onDiscard }: ChoiceProps) => (
  <Button variant="primary" onClick={onDiscard}>
    Close the form
  </Button>
)

function Choice({
  now,
  onSave,
  onDiscard,
  onClose,
}: ChoiceProps & { now: KeyVersion | undefined }) {
  const isRevoked = now?.status === 'revoked'
  return (
    <>
      {isRevoked && <p className="grow text-base">The key is revoked: it cannot be changed.</p>}
      <Button onClick={onClose}>Back to the form</Button>
      <Button onClick={onDiscard}>Discard my changes</Button>
      <Button
        variant="primary"
        disabled={now === undefined || isRevoked}
        onClick={() => now && onSave(now.etag)}
      >
        Save my changes on top
      </Button>
    </>
  )
}

type VersionsProps = { id: string; rows: readonly VersionRow[] }

function Versions({ id, rows }: VersionsProps) {
  return (
    <>
      <ul aria-label="Both versions" className="flex flex-col gap-3">
        {rows.map((row) => (
          <Versioned key={row.name} id={id} row={row} />
        ))}
      </ul>
      <p className="text-sm text-kumo-subtle">
        Your changes are saved on top of what is there now: fields that you did not change stay as
        they are.
      </p>
    </>
  )
}

function Versioned({ id, row }: { id: string; row: VersionRow }) {
  const { name, field, before, theirs, mine } = row
  return (
    <li className="rounded-md px-3 py-2.5 ring ring-kumo-hairline">
      <p className="text-base font-medium text-kumo-default">{name}</p>
      <dl className="mt-2 grid gap-x-4 gap-y-2 sm:grid-cols-3">
        <Version name="When you opened it">{before}</Version>
        <Version name="Now">
          {theirs ?? <Unchanged />}
          {theirs !== null && <Who id={id} field={field} />}
        </Version>
        <Version name="Yours">{mine ?? <Unchanged />}</Version>
      </dl>
    </li>
  )
}

function Version({ name, children }: { name: string; children: ReactNode }) {
  return (
    <div className="min-w-0">
      <dt className="text-sm text-kumo-subtle">{name}</dt>
      <dd className="text-base wrap-anywhere text-kumo-default">{children}</dd>
    </div>
  )
}

const Unchanged = () => <span className="text-kumo-subtle">Unchanged</span>

function Who({ id, field }: { id: string; field: string }) {
  const { data } = useQuery(auditQuery({ key_id: id, limit: '25' }))
  const event = changedBy(field, data?.data ?? [])
  if (event === undefined) return null
  return (
    <span className="block text-sm text-kumo-subtle">
      by <ActorName event={event} />, <RelativeTime time={event.created_at} />
    </span>
  )
}
