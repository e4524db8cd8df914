// Single facts of a key, as the list and its page show them alike.
import type { Key } from '../api/queries.ts'
import { useTokenPrefix } from '../api/queries.ts'
import { roleName } from '../session/roles.ts'
import { useMember } from '../session/signed-in.tsx'
import { dateOf, RelativeTime } from '../ui/time.tsx'

/** The beginning of the token, as people know it from where they stored it. */
export function TokenHint({ value }: { value: Key }) {
  const prefix = useTokenPrefix()(value.format)
  return (
    <code className="font-mono text-sm whitespace-nowrap">
      {prefix}
      {value.key_prefix}…
    </code>
  )
}

const shownScopes = 2

export function ScopesHint({ value }: { value: Key }) {
  const { scopes } = value
  if (scopes === null) return <InheritsHint value={value} />
  if (scopes.length === 0) return <span className="text-kumo-subtle">No scopes</span>
  const hidden = scopes.slice(shownScopes)
  return (
    <span className="flex flex-col items-start gap-0.5">
      {scopes.slice(0, shownScopes).map((scope) => (
        <code key={scope} className="font-mono text-sm whitespace-nowrap">
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

/** What a key without scopes of its own may do follows its creator's role, as it is now. */
function InheritsHint({ value }: { value: Key }) {
  const creator = useMember(value.created_by)
  if (creator === undefined) {
    return (
      <span
        className="text-kumo-subtle"
        title="Its creator left the account, so it may do nothing."
      >
        inherits nothing
      </span>
    )
  }
  return (
    <span title={`Whatever ${creator.user.name} may do, as it is at each request`}>
      inherits {roleName[creator.role]}
    </span>
  )
}

export function CreatorName({ value }: { value: Pick<Key, 'created_by' | 'created_by_name'> }) {
  const creator = useMember(value.created_by)
  if (creator) return <>{creator.user.name}</>
  if (value.created_by_name) return <>{value.created_by_name} (left)</>
  return <>{value.created_by === null ? 'nobody known' : 'somebody who left'}</>
}

export function LastUsed({ value }: { value: Key }) {
  if (value.last_used_at === null) return <span className="text-kumo-subtle">Never</span>
  return <RelativeTime time={value.last_used_at} />
}

export function Expires({ value }: { value: Key }) {
  if (value.expires_at === null) return <span className="text-kumo-subtle">Never</span>
  return <RelativeTime time={value.expires_at} />
}

export function expiryOf(value: Key): string {
  return value.expires_at === null ? 'Never expires' : `Expires ${dateOf(value.expires_at)}`
}
