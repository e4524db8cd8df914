// What one should know about a key at a glance, when it is anything.
import { Banner } from '@cloudflare/kumo/components/banner'
import { Link } from 'wouter'
import type { Key } from '../api/queries.ts'
import { useMember } from '../session/signed-in.tsx'
import { exactTime } from '../ui/time.tsx'

export function KeyState({ value }: { value: Key }) {
  const revoker = useMember(value.revoked_by)
  const creator = useMember(value.created_by)
  if (value.status === 'revoked') {
    const by = revoker ? ` by ${revoker.user.name}` : ''
    const on = value.revoked_at ? ` on ${exactTime(value.revoked_at)}` : ''
    return (
      <Notice title="Revoked for good" text={`Revoked${by}${on}. It stays here as a record.`} />
    )
  }
  if (value.replaced_by !== null) {
    return (
      <Banner
        variant="secondary"
        title="Rotated"
        description={
          <>
            {value.status === 'expired' ? 'It has been' : 'It is being'} replaced by{' '}
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
    return <Notice title="Disabled" text="It is refused everywhere until somebody enables it." />
  }
  if (value.scopes === null && creator === undefined) {
    const text =
      'It inherits from somebody who left the account, so it is recognised and may do nothing.'
    return <Notice title="Holds no permissions" text={text} />
  }
  return null
}

function Notice({ title, text }: { title: string; text: string }) {
  return <Banner variant="secondary" title={title} description={text} />
}
