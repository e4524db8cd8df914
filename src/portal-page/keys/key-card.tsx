// One key: what it is, what it may do, and what can be done with it.
import { useState } from 'preact/hooks'
import type { Key, Session } from '../session/types.ts'
import { Button } from '../ui/button.tsx'
import { Time } from '../ui/time.tsx'
import { ScopeTexts } from './scope-texts.tsx'
import { type Action, actionsOf, statusName, statusNow } from './status.ts'
import { UsageOfKey } from './usage.tsx'

type Props = {
  value: Key
  session: Session
  host: string | null
  onAction: (action: Action) => void
}

const actionNames = { rotate: 'Rotate', disable: 'Disable', revoke: 'Revoke' }

/** The heading of a key, or of the list where the key is not on the page. */
export function focusKey(id: string | null): void {
  const heading = id === null ? null : document.getElementById(`key-${id}`)
  const target = heading ?? document.getElementById('keys-heading')
  target?.focus()
}

export function KeyCard({ value, session, host, onAction }: Props) {
  const [isUsageOpen, setUsageOpen] = useState(false)
  const nowMs = Date.now()
  const isOver = ['revoked', 'expired'].includes(statusNow(value, nowMs))
  const usageId = `usage-${value.id}`
  return (
    <li class={`rounded-xl border border-line p-4 ${isOver ? 'bg-recessed' : 'bg-base'}`}>
      <div class="flex flex-wrap items-start justify-between gap-2">
        <div class="min-w-0">
          <h2 id={`key-${value.id}`} tabIndex={-1} class="font-semibold wrap-anywhere">
            <bdi>{value.name}</bdi>
          </h2>
          <p class="text-sm text-subtle">
            <code>{value.key_prefix}…</code>
            {value.environment !== 'live' && ` · ${value.environment}`}
          </p>
        </div>
        <Status value={value} nowMs={nowMs} />
      </div>
      <Details value={value} session={session} />
      {value.read_only && !isOver && <ReadOnly host={host} />}
      <div class="mt-3 flex flex-wrap gap-2">
        <Button
          aria-expanded={isUsageOpen}
          aria-controls={usageId}
          aria-label={`Usage of ${value.name}`}
          onClick={() => setUsageOpen(!isUsageOpen)}
        >
          Usage
        </Button>
        {actionsOf(value, nowMs).map((action) => (
          <Button
            key={action}
            aria-label={`${actionNames[action]} ${value.name}`}
            onClick={() => onAction(action)}
          >
            {actionNames[action]}
          </Button>
        ))}
      </div>
      <div id={usageId}>{isUsageOpen && <UsageOfKey id={value.id} />}</div>
    </li>
  )
}

function Status({ value, nowMs }: { value: Key; nowMs: number }) {
  const isActive = statusNow(value, nowMs) === 'active'
  const dot = isActive ? 'bg-good' : value.status === 'revoked' ? 'bg-danger' : 'bg-subtle'
  return (
    <p class="inline-flex items-center gap-1.5 rounded-full border border-line bg-base px-2 py-0.5 text-xs">
      <span class={`size-2 rounded-full ${dot}`} />
      {statusName(value, nowMs)}
    </p>
  )
}

function Details({ value, session }: { value: Key; session: Session }) {
  const { created_at, expires_at, last_used_at, revoked_at } = value
  const times: [string, string | null, string][] = [
    ['Created', created_at, ''],
    ['Last used', last_used_at, 'Never'],
    ['Expires', expires_at, 'Never'],
    ...(revoked_at === null ? [] : [['Revoked', revoked_at, ''] as [string, string, string]]),
  ]
  return (
    <dl class="mt-3 grid grid-cols-2 gap-x-6 gap-y-2 text-sm sm:grid-cols-[2fr_1fr_1fr_1fr]">
      <div class="col-span-2 min-w-0 sm:col-span-1">
        <dt class="text-subtle">Can</dt>
        <dd>
          <ScopeTexts scopes={value.scopes} session={session} />
        </dd>
      </div>
      {times.map(([name, at, otherwise]) => (
        <div key={name}>
          <dt class="text-subtle">{name}</dt>
          <dd>
            <Time at={at} otherwise={otherwise} />
          </dd>
        </div>
      ))}
    </dl>
  )
}

function ReadOnly({ host }: { host: string | null }) {
  return (
    <p class="mt-3 text-sm text-subtle">
      This key cannot be changed here: it was not made on this page, or it may do more than you may
      give to a key. Ask {host === null ? 'the people who run this service' : <bdi>{host}</bdi>} to
      change it.
    </p>
  )
}
