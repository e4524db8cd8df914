import { Link } from 'wouter'
import type { Key } from '../api/queries.ts'
import { roleName } from '../session/roles.ts'
import { useMember } from '../session/signed-in.tsx'
import { Fact } from '../ui/detail-list.tsx'
import { exactTime, RelativeTime } from '../ui/time.tsx'
import { AddCredits } from './add-credits.tsx'
import { CreatorName, LastUsed, TokenHint } from './key-values.tsx'
import { Credits, creditNote, RateLimits } from './limit-details.tsx'

export function KeyDetailList({ value }: { value: Key }) {
  return (
    <dl className="grid gap-x-8 gap-y-4 sm:grid-cols-2 lg:grid-cols-3">
      <Fact name="Token">
        <TokenHint value={value} />
      </Fact>
      <Fact name="Created" note={exactTime(value.created_at)}>
        <RelativeTime time={value.created_at} /> by <CreatorName value={value} />
      </Fact>
      <Fact name="Last used" note={value.last_used_at && exactTime(value.last_used_at)}>
        <LastUsed value={value} />
      </Fact>
      <Fact name="Expires" note={value.expires_at && exactTime(value.expires_at)}>
        {value.expires_at ? <RelativeTime time={value.expires_at} /> : 'Never'}
      </Fact>
      <Fact name="Allowed addresses">
        {value.allowed_ips ? <Codes texts={value.allowed_ips} /> : 'Any'}
      </Fact>
      <Fact name="External id">
        {value.external_id ? <span className="break-all">{value.external_id}</span> : 'None'}
      </Fact>
      <Fact name="Rate limits">
        <RateLimits value={value} />
      </Fact>
      <Fact name="Credits" note={creditNote(value)}>
        <span className="flex flex-wrap items-center gap-x-3 gap-y-1 pb-1.5">
          <Credits value={value} />
          <AddCredits value={value} />
        </span>
      </Fact>
      <Fact name="Id">
        <code className="font-mono text-sm break-all">{value.id}</code>
      </Fact>
      <Fact name="Scopes" isWide>
        <Scopes value={value} />
      </Fact>
    </dl>
  )
}

function Scopes({ value }: { value: Key }) {
  const creator = useMember(value.created_by)
  if (value.scopes === null) {
    if (creator === undefined) return <>Inherits from somebody who left: none</>
    return (
      <>
        Inherits what {creator.user.name} may do as{' '}
        <Link href="/scopes" className="underline">
          {roleName[creator.role]}
        </Link>
        , as it is at each request
      </>
    )
  }
  if (value.scopes.length === 0) return <>None: it may call /api/v1/me only</>
  return <Codes texts={value.scopes} />
}

export function Codes({ texts }: { texts: readonly string[] }) {
  return (
    <span className="flex flex-wrap gap-1.5">
      {texts.map((text) => (
        <code
          key={text}
          className="rounded bg-kumo-recessed px-1.5 py-0.5 font-mono text-sm break-all"
        >
          {text}
        </code>
      ))}
    </span>
  )
}
