// The attributes of an account, and what its status means.
import { Banner } from '@cloudflare/kumo/components/banner'
import { Button } from '@cloudflare/kumo/components/button'
import { CopiedText } from '../ui/copied-text.tsx'
import { Detail, DetailList } from '../ui/detail-list.tsx'
import { exactTime, RelativeTime } from '../ui/time.tsx'
import type { Account } from './api.ts'

export function AccountDetails({ value }: { value: Account }) {
  const { id, created_at, suspended_at, closes_at, has_owner } = value
  return (
    <DetailList>
      <Detail name="ID">
        <CopiedText text={id} what="account ID" />
      </Detail>
      <Detail name="Created" note={exactTime(created_at)}>
        <RelativeTime time={created_at} />
      </Detail>
      <Detail name="Owner">{has_owner ? 'Has an owner' : 'None yet'}</Detail>
      {suspended_at && (
        <Detail name="Suspended" note={exactTime(suspended_at)}>
          <RelativeTime time={suspended_at} />
        </Detail>
      )}
      {closes_at && (
        <Detail name="Deletion" note={exactTime(closes_at)}>
          <RelativeTime time={closes_at} />
        </Detail>
      )}
    </DetailList>
  )
}

export function AccountNotice({ value, onInvite }: { value: Account; onInvite: () => void }) {
  const text = statusText(value)
  return (
    <>
      {text && <Banner variant="secondary" title={text.title} description={text.description} />}
      {!value.has_owner && (
        <Banner
          variant="secondary"
          title="No owner"
          description="Nobody can sign in to this account until its owner has accepted an invitation."
          action={
            <Button size="sm" onClick={onInvite}>
              Invite owner
            </Button>
          }
        />
      )}
    </>
  )
}

/** null: it is active. */
function statusText({ status, closes_at }: Account): { title: string; description: string } | null {
  switch (status) {
    case 'active':
      return null
    case 'suspended':
      return {
        title: 'Suspended',
        description: 'Its keys are rejected, and its people can only read, until it is resumed.',
      }
    case 'closing':
      return {
        title: `Will be deleted on ${closes_at === null ? 'the next run' : exactTime(closes_at)}`,
        description: 'Its keys are rejected. Resuming the account cancels the deletion.',
      }
  }
}
