// An endpoint's name, state and attributes.
import { Badge } from '@cloudflare/kumo/components/badge'
import { Banner } from '@cloudflare/kumo/components/banner'
import { useMember } from '../session/signed-in.tsx'
import { CopiedText } from '../ui/copied-text.tsx'
import { CodeList, Detail, DetailList } from '../ui/detail-list.tsx'
import { exactTime, RelativeTime } from '../ui/time.tsx'
import type { Endpoint } from './api.ts'

export const allEvents = 'All events, including future types'

/** The description, or the host of the URL. */
export function endpointName({ description, url }: Endpoint): string {
  return description ?? new URL(url).host
}

export function EndpointBadge({ value }: { value: Endpoint }) {
  if (value.is_active) {
    return (
      <Badge variant="success" appearance="dot">
        Enabled
      </Badge>
    )
  }
  return (
    <Badge variant={value.disabled_reason ? 'error' : 'neutral'} appearance="dot">
      Disabled
    </Badge>
  )
}

const reasons = {
  gone: 'The endpoint responded with 410 Gone, so Latchkey disabled it.',
  failing: 'All deliveries failed for more than three days, so Latchkey disabled the endpoint.',
}

export function EndpointNotice({ value }: { value: Endpoint }) {
  if (value.is_active) return null
  const reason = value.disabled_reason ? `${reasons[value.disabled_reason]} ` : ''
  const text = `${reason}A disabled endpoint receives no messages. Events that occur now are not delivered later.`
  return <Banner variant="secondary" title="Disabled" description={text} />
}

export function EndpointDetails({ value }: { value: Endpoint }) {
  const creator = useMember(value.created_by)
  return (
    <DetailList>
      <Detail name="URL" isWide>
        <code className="font-mono text-sm break-all">{value.url}</code>
      </Detail>
      <Detail name="ID">
        <CopiedText text={value.id} what="endpoint ID" />
      </Detail>
      <Detail name="Created" note={exactTime(value.created_at)}>
        <RelativeTime time={value.created_at} /> by {creator?.user.name ?? 'a former member'}
      </Detail>
      <Detail name="Events" isWide>
        {value.events ? <CodeList texts={value.events} /> : allEvents}
      </Detail>
      <Detail name="Last success" note={value.last_success_at && exactTime(value.last_success_at)}>
        {value.last_success_at ? <RelativeTime time={value.last_success_at} /> : 'Never'}
      </Detail>
      {value.previous_secret_until && (
        <Detail name="Previous secret" note={exactTime(value.previous_secret_until)}>
          Expires <RelativeTime time={value.previous_secret_until} />
        </Detail>
      )}
    </DetailList>
  )
}
