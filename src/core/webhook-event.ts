// Webhook events: their types, and the bodies made from what the outbox stores. A body never contains a
// token or a digest.
import { environmentOf } from './environment.ts'
import type { TokenFormats } from './foreign.ts'
import { writeTime } from './time.ts'

/** The event types that an endpoint can subscribe to, with a description of each. */
export const webhookEvents = {
  'key.created': 'A key was created',
  'key.imported': 'A key of another system was imported',
  'key.updated': 'A key was changed, disabled or enabled; `changed` names the fields',
  'key.rotated': 'A key was replaced by a successor; its old token works until `key.expires_at`',
  'key.revoked': 'A key was revoked permanently',
  'key.leaked':
    'A token was found in public; its key has been revoked, which also sends key.revoked',
  'key.expiring': 'A key expires within 7 days, and again within 1 day (`within_days`)',
  'key.credits_low':
    'Less than a tenth of the credits of a key remains (`credits`); sent at most once a day',
} as const

export type WebhookType = keyof typeof webhookEvents | 'ping'

export const webhookTypes = Object.keys(webhookEvents) as (keyof typeof webhookEvents)[]

/** A key as the outbox stores it, in wire names; times are milliseconds since 1970. */
type StoredKey = Record<string, unknown> & { disabled: number; format: string }

export type StoredEvent = {
  type: string
  createdAt: number
  data: Record<string, unknown>
}

/** The body that is signed and sent: the same for every attempt. */
export function webhookBody({ type, createdAt, data }: StoredEvent, formats: TokenFormats): string {
  const { key, detail, ...rest } = data
  const shown = key === undefined ? {} : { key: keyView(key as StoredKey, formats) }
  return JSON.stringify({
    type,
    timestamp: writeTime(createdAt),
    data: { ...rest, ...shown, ...eventFields(type, (detail ?? {}) as Record<string, unknown>) },
  })
}

function keyView({ disabled, ...key }: StoredKey, formats: TokenFormats) {
  const entries = Object.entries(key).map(([name, value]) => [
    name,
    name.endsWith('_at') && typeof value === 'number' ? writeTime(value) : value,
  ])
  const environment = environmentOf(key.format, formats)
  const is_active = disabled === 0 && key.revoked_at === null
  return { ...Object.fromEntries(entries), environment, is_active }
}

function eventFields(type: string, detail: Record<string, unknown>): Record<string, unknown> {
  switch (type as WebhookType) {
    case 'key.updated':
      return { changed: Object.keys(detail.changed ?? {}).map(wireName) }
    case 'key.rotated':
      return { overlap_seconds: detail.overlap_seconds ?? 0 }
    case 'key.revoked':
      return { reason: detail.reason ?? null }
    case 'key.leaked':
      return { url: detail.url ?? null, source: detail.source ?? null }
    case 'key.expiring':
      return { within_days: detail.within_days }
    case 'key.credits_low':
      return { credits: detail.credits }
    case 'key.created':
    case 'key.imported':
    case 'ping':
      return {}
  }
}

/** The API's name for a field of a key. */
function wireName(field: string): string {
  if (field === 'disabled') return 'is_active'
  return field.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)
}
