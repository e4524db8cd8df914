// A banner for a key that is revoked, replaced, disabled or without permissions.
import { Banner } from '@cloudflare/kumo/components/banner'
import { Link } from 'wouter'
import { useMember } from '../session/signed-in.tsx'
import { exactTime } from '../ui/time.tsx'
import type { Key } from './api.ts'

export function KeyNotice({ value }: { value: Key }) {
  const revoker = useMember(value.revoked_by)
  const creator = useMember(value.created_by)
  if (value.status === 'revoked') {
    const by = revoker ? ` by ${revoker.user.name}` : ''
    const on = value.revoked_at ? ` on ${exactTime(value.revoked_at)}` : ''
    return <Notice title="Revoked" text={`Revoked${by}${on}. The key is kept as a record.`} />
  }
  if (value.replaced_by !== null) {
    return (
      <Banner
        variant="secondary"
        title="Rotated"
        description={
          <>
            {value.status === 'expired' ? 'The key has been' : 'The key is being'} replaced by{' '}
            <Link href={`/keys/${value.replaced_by}`} className="underline">
              a new key
            </Link>
            .
          </>
        }
      />
    )
  }
  if (value.status === 'disabled') {
    return <Notice title="Disabled" text="The key is rejected until it is enabled again." />
  }
  if (value.scopes === null && creator === undefined) {
    const text =
      'The key inherits its permissions from a former member, so it is valid but has none.'
    return <Notice title="No permissions" text={text} />
  }
  return null
}

function Notice({ title, text }: { title: string; text: string }) {
  return <Banner variant="secondary" title={title} description={text} />
}
