// What the outside can be told, and how it is said: the bodies of webhooks, made from what the outbox keeps.
// Never a token, never a digest.

/** Types of events that an endpoint can ask for, with what each means. */
export const webhookEvents = {
  'key.created': 'A key was made',
  'key.imported': 'A key of another system was taken over',
  'key.updated': 'A key was changed, disabled or enabled; `changed` names the fields',
  'key.rotated': 'A key was given a successor; `key.expires_at` says how long the old token works',
  'key.revoked': 'A key was revoked for good, by whomever',
  'key.leaked':
    'A token was found in public; its key has been revoked, which key.revoked tells too',
  'key.expiring': 'A key expires within 7 days, and again within 1 day (`within_days`)',
  'key.credits_low':
    'Less than a tenth of the credits of a key is left (`credits`); told at most once a day',
} as const

export type WebhookType = keyof typeof webhookEvents | 'ping'

export const webhookTypes = Object.keys(webhookEvents) as (keyof typeof webhookEvents)[]

/** A key as the outbox keeps it: times are milliseconds since 1970. */
type StoredKey = Record<string, unknown> & { disabled: number }

export type StoredEvent = {
  type: string
  createdAt: number
  data: Record<string, unknown>
}

/** The body that is signed and sent, always the same for one event. */
export function webhookBody({ type, createdAt, data }: StoredEvent): string {
  const { key, detail, ...rest } = data
  const shown = key === undefined ? {} : { key: shownKey(key as StoredKey) }
  return JSON.stringify({
    type,
    timestamp: new Date(createdAt).toISOString(),
    data: { ...rest, ...shown, ...particulars(type, (detail ?? {}) as Record<string, unknown>) },
  })
}

function shownKey({ disabled, ...key }: StoredKey) {
  const entries = Object.entries(key).map(([name, value]) => [
    name,
    name.endsWith('_at') && typeof value === 'number' ? new Date(value).toISOString() : value,
  ])
  return { ...Object.fromEntries(entries), is_active: disabled === 0 && key.revoked_at === null }
}

function particulars(type: string, detail: Record<string, unknown>): Record<string, unknown> {
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

/** A field of a key as the API names it. */
function wireName(field: string): string {
  if (field === 'disabled') return 'is_active'
  return field.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)
}
