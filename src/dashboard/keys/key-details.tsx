import { useQuery } from '@tanstack/react-query'
import { Link } from 'wouter'
import { scopesQuery } from '../scopes/api.ts'
import { heldNotes } from '../scopes/held-scopes.ts'
import { roleName } from '../session/roles.ts'
import { useMember } from '../session/signed-in.tsx'
import { CopiedText } from '../ui/copied-text.tsx'
import { CodeList, Detail, DetailList } from '../ui/detail-list.tsx'
import { exactTime, RelativeTime } from '../ui/time.tsx'
import { AddCredits } from './add-credits.tsx'
import type { Key } from './api.ts'
import { MayGrantDetails } from './grant-details.tsx'
import { grantsKeys } from './key-draft.ts'
import { CreatorName, Expires, LastUsed, TokenHint } from './key-values.tsx'
import { Credits, creditNote, RateLimits } from './limit-details.tsx'

export function KeyDetails({ value }: { value: Key }) {
  return (
    <DetailList>
      <Detail name="Token">
        <TokenHint value={value} />
      </Detail>
      <Detail name="Created" note={exactTime(value.created_at)}>
        <RelativeTime time={value.created_at} /> by <CreatorName value={value} />
      </Detail>
      <Detail name="Last used" note={value.last_used_at && exactTime(value.last_used_at)}>
        <LastUsed value={value} />
      </Detail>
      <Detail name="Expires" note={value.expires_at && exactTime(value.expires_at)}>
        <Expires value={value} />
      </Detail>
      <Detail name="Environment">{value.environment}</Detail>
      <Detail name="Allowed IP addresses">
        {value.allowed_ips ? <CodeList texts={value.allowed_ips} /> : 'All'}
      </Detail>
      <Detail name="External ID">
        {value.external_id ? <CopiedText text={value.external_id} what="external ID" /> : 'None'}
      </Detail>
      <Detail name="Rate limits">
        <RateLimits value={value} />
      </Detail>
      <Detail name="Credits" note={creditNote(value)}>
        <span className="flex flex-wrap items-center gap-x-3 gap-y-1 pb-1.5">
          <Credits value={value} />
          <AddCredits value={value} />
        </span>
      </Detail>
      <Detail name="ID">
        <CopiedText text={value.id} what="key ID" />
      </Detail>
      <Detail name="Scopes" isWide>
        <Scopes value={value} />
      </Detail>
      {value.metadata !== null && (
        <Detail name="Metadata" isWide>
          <pre className="font-mono text-sm break-all whitespace-pre-wrap">
            {JSON.stringify(value.metadata, null, 2)}
          </pre>
        </Detail>
      )}
      {grantsKeys(value.scopes) && (
        <Detail name="May grant" isWide>
          <MayGrantDetails mayGrant={value.may_grant} />
        </Detail>
      )}
    </DetailList>
  )
}

function Scopes({ value }: { value: Key }) {
  const creator = useMember(value.created_by)
  if (value.scopes === null) {
    if (creator === undefined) return <>None: inherited from a former member</>
    return (
      <>
        Inherited from the role of {creator.user.name}, currently{' '}
        <Link href="/scopes" className="underline">
          {roleName[creator.role]}
        </Link>
      </>
    )
  }
  if (value.scopes.length === 0) return <>None: the key can only call /api/v1/me</>
  return <HeldScopes held={value.scopes} />
}

/** As they were granted, with what their names do not say. */
function HeldScopes({ held }: { held: readonly string[] }) {
  const { data: catalogue } = useQuery(scopesQuery)
  return (
    <>
      <CodeList texts={held} />
      {catalogue &&
        heldNotes(held, catalogue).map((note) => (
          <span key={note} className="mt-1 block text-sm break-words text-kumo-subtle">
            {note}
          </span>
        ))}
    </>
  )
}
