// Values of a key that both the list and the page of a key show.
import { useQuery } from '@tanstack/react-query'
import { roleName } from '../session/roles.ts'
import { useMember } from '../session/signed-in.tsx'
import { dateOf, RelativeTime, useNow } from '../ui/time.tsx'
import { formatsQuery, type Key } from './api.ts'

/** The start of the token. */
export function TokenHint({ value }: { value: Key }) {
  const { data: formats } = useQuery(formatsQuery)
  return (
    <code className="font-mono text-sm whitespace-nowrap">
      {formats?.find(({ format }) => format === value.format)?.prefix}
      {value.key_prefix}…
    </code>
  )
}

const maxScopes = 2

export function ScopesHint({ value }: { value: Key }) {
  const { scopes } = value
  if (scopes === null) return <InheritedHint value={value} />
  if (scopes.length === 0) return <span className="text-kumo-subtle">No scopes</span>
  const hidden = scopes.slice(maxScopes)
  return (
    <span className="flex flex-col items-start gap-0.5">
      {scopes.slice(0, maxScopes).map((scope) => (
        <code
          key={scope}
          className="max-w-full truncate font-mono text-sm xl:max-w-56"
          title={scope}
        >
          {scope}
        </code>
      ))}
      {hidden.length > 0 && (
        <span className="text-sm text-kumo-subtle" title={hidden.join(', ')}>
          and {hidden.length} more
        </span>
      )}
    </span>
  )
}

/** A key without scopes of its own follows the current role of its creator. */
function InheritedHint({ value }: { value: Key }) {
  const creator = useMember(value.created_by)
  if (creator === undefined) {
    return (
      <span
        className="text-kumo-subtle"
        title="The creator is no longer a member, so the key has no permissions."
      >
        Inherits nothing
      </span>
    )
  }
  return (
    <span title={`The permissions of ${creator.user.name}’s current role`}>
      Inherits {roleName[creator.role]}
    </span>
  )
}

export function CreatorName({ value }: { value: Pick<Key, 'created_by' | 'created_by_name'> }) {
  const creator = useMember(value.created_by)
  if (creator) return <bdi>{creator.user.name}</bdi>
  if (value.created_by_name)
    return (
      <>
        <bdi>{value.created_by_name}</bdi> (former member)
      </>
    )
  return <>{value.created_by === null ? 'unknown' : 'a former member'}</>
}

export function LastUsed({ value }: { value: Key }) {
  if (value.last_used_at === null) return <span className="text-kumo-subtle">Never</span>
  return <RelativeTime time={value.last_used_at} />
}

const soonMs = 7 * 86_400_000

const soonLook =
  'before:mr-1.5 before:inline-block before:size-2 before:rounded-full before:bg-kumo-warning'

/** With an amber dot in its last week: as text, amber would be too pale. */
function useExpiryLook({ status, expires_at }: Key): string {
  const nowMs = useNow()
  const leftMs = expires_at === null ? Number.POSITIVE_INFINITY : Date.parse(expires_at) - nowMs
  return status === 'active' && leftMs > 0 && leftMs <= soonMs ? soonLook : ''
}

export function Expires({ value }: { value: Key }) {
  const look = useExpiryLook(value)
  if (value.expires_at === null) return <span className="text-kumo-subtle">Never</span>
  return (
    <span className={look}>
      <RelativeTime time={value.expires_at} />
    </span>
  )
}

export function ExpiryText({ value }: { value: Key }) {
  const text = value.expires_at === null ? 'Never expires' : `Expires ${dateOf(value.expires_at)}`
  return <div className={useExpiryLook(value)}>{text}</div>
}
