// The customer's keys, and what they do with them.
import { useState } from 'preact/hooks'
import { rereadSession } from '../session/portal.ts'
import type { Key, MintedKey, Session } from '../session/types.ts'
import { Button } from '../ui/button.tsx'
import { Problem } from '../ui/problem.tsx'
import { durationText } from '../ui/time.tsx'
import { type Action, ActionDialog } from './action-dialog.tsx'
import { CreateDialog } from './create-dialog.tsx'
import { focusKey, KeyCard } from './key-card.tsx'
import { type StatusChoice, StatusFilter } from './status-filter.tsx'
import { TokenDialog } from './token-dialog.tsx'
import { useKeys } from './use-keys.ts'

type Open = { kind: 'create' } | { kind: 'action'; action: Action; key: Key } | null

type Props = {
  session: Session
  host: string | null
  onHold: (isHeld: boolean) => void
}

export function KeysPage({ session, host, onHold }: Props) {
  const [status, setStatus] = useState<StatusChoice>('')
  const list = useKeys(status)
  const [open, setOpen] = useState<Open>(null)
  const [minted, setMinted] = useState<MintedKey | null>(null)
  const [notice, setNotice] = useState('')
  const changed = (text: string, id: string | null) => {
    setOpen(null)
    setNotice(text)
    void list.reload().then(() => focusKey(id))
    void rereadSession()
  }
  const show = (key: MintedKey) => {
    onHold(true)
    setOpen(null)
    setMinted(key)
  }
  const stored = (id: string) => {
    setMinted(null)
    onHold(false)
    changed('', id)
  }
  return (
    <>
      <Heading session={session} onCreate={() => setOpen({ kind: 'create' })} />
      <div class="mb-3 flex flex-wrap items-center justify-between gap-3">
        <StatusFilter value={status} onChange={setStatus} />
        <p role="status" class="text-sm">
          {notice}
        </p>
      </div>
      <Problem failure={list.failure} />
      {list.failure !== null && (
        <div class="mt-3">
          <Button onClick={() => void list.reload()}>Try again</Button>
        </div>
      )}
      {list.keys?.length === 0 && <NoKeys isFiltered={status !== ''} />}
      <ul class="flex flex-col gap-3">
        {list.keys?.map((key) => (
          <KeyCard
            key={key.id}
            {...{ value: key, session, host }}
            onAction={(action) => setOpen({ kind: 'action', action, key })}
          />
        ))}
      </ul>
      {list.more !== null && (
        <div class="mt-4 text-center">
          <Button onClick={list.more}>Show more keys</Button>
        </div>
      )}
      {open?.kind === 'create' && (
        <CreateDialog session={session} onMade={show} onClose={(id) => changed('', id)} />
      )}
      {open?.kind === 'action' && (
        <ActionDialog
          {...{ action: open.action, value: open.key, host }}
          onMade={show}
          onDone={changed}
          onClose={() => setOpen(null)}
        />
      )}
      {minted && <TokenDialog minted={minted} onStored={() => stored(minted.id)} />}
    </>
  )
}

function Heading({ session, onCreate }: { session: Session; onCreate: () => void }) {
  const { keys, max_keys, scopes } = session
  const isFull = keys >= max_keys
  const reason = isFull
    ? `You have ${keys} of ${max_keys} keys: revoke one to create another.`
    : scopes.length === 0
      ? 'No permissions are left to give to a key.'
      : `You have ${keys} of ${max_keys} keys.`
  return (
    <div class="mb-6 flex flex-wrap items-start justify-between gap-4">
      <div>
        <h1 id="keys-heading" tabIndex={-1} class="text-2xl font-semibold">
          API keys
        </h1>
        <p id="key-count" class="mt-1 text-sm text-subtle">
          {reason} {sharedLimit(session)}
        </p>
      </div>
      <Button
        kind="primary"
        aria-describedby="key-count"
        disabled={isFull || scopes.length === 0}
        onClick={onCreate}
      >
        Create key
      </Button>
    </div>
  )
}

function NoKeys({ isFiltered }: { isFiltered: boolean }) {
  return (
    <p class="rounded-xl border border-line bg-base p-6 text-subtle">
      {isFiltered
        ? 'No keys have this status.'
        : 'You have no keys yet. Create one to call the API.'}
    </p>
  )
}

function sharedLimit({ limits: { rate_limit } }: Session): string {
  if (rate_limit === null) return ''
  const windows = rate_limit.map(
    ({ limit, window_seconds }) =>
      `${limit.toLocaleString()} requests in ${durationText(window_seconds)}`,
  )
  return `All your keys together: ${windows.join(', ')}.`
}
