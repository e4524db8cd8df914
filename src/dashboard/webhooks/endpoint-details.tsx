// What an endpoint is, said shortly: its name, its state, what it is told of.
import { Badge } from '@cloudflare/kumo/components/badge'
import { Banner } from '@cloudflare/kumo/components/banner'
import { Codes } from '../keys/key-details.tsx'
import { useMember } from '../session/signed-in.tsx'
import { Fact } from '../ui/detail-list.tsx'
import { exactTime, RelativeTime } from '../ui/time.tsx'
import type { Endpoint } from './api.ts'

/** What it is called: its description, else the host that it is at. */
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
  gone: 'It answered 410 Gone, so Latchkey stopped calling it.',
  failing: 'It took nothing for more than three days, so Latchkey stopped calling it.',
}

export function EndpointState({ value }: { value: Endpoint }) {
  if (value.is_active) return null
  const why = value.disabled_reason ? `${reasons[value.disabled_reason]} ` : ''
  const text = `${why}It is told nothing until somebody enables it; what happens meanwhile it never hears of.`
  return <Banner variant="secondary" title="Disabled" description={text} />
}

export function EndpointDetails({ value }: { value: Endpoint }) {
  const creator = useMember(value.created_by)
  return (
    <dl className="grid gap-x-8 gap-y-4 sm:grid-cols-2 lg:grid-cols-3">
      <Fact name="URL" isWide>
        <code className="font-mono text-sm break-all">{value.url}</code>
      </Fact>
      <Fact name="Created" note={exactTime(value.created_at)}>
        <RelativeTime time={value.created_at} /> by {creator?.user.name ?? 'somebody who left'}
      </Fact>
      <Fact name="Events" isWide>
        {value.events ? <Codes texts={value.events} /> : 'All, also those to come'}
      </Fact>
      <Fact name="Last success" note={value.last_success_at && exactTime(value.last_success_at)}>
        {value.last_success_at ? <RelativeTime time={value.last_success_at} /> : 'Never'}
      </Fact>
      {value.previous_secret_until && (
        <Fact name="The secret before" note={exactTime(value.previous_secret_until)}>
          signs too, and stops <RelativeTime time={value.previous_secret_until} />
        </Fact>
      )}
    </dl>
  )
}
