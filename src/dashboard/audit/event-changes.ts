// What an event changed: each field in words, as it was and as it is since. Pure.
import { roleName } from '../session/roles.ts'
import { keyFields } from '../ui/key-text.ts'
import { numberText } from '../ui/number-text.ts'
import type { AuditEvent } from './api.ts'

/** `from`: null where the event does not hold it, as those of older versions do not. */
export type FieldChange = { name: string; from: string | null; to: string }

type Stored = Record<string, unknown>
type Event = Pick<AuditEvent, 'action' | 'detail'>

export function eventChanges({ action, detail }: Event): FieldChange[] {
  if (detail === null) return []
  switch (action) {
    case 'key.updated':
      return changesOf(detail, keyTexts)
    case 'webhook_endpoint.updated':
      return changesOf(detail, endpointTexts)
    case 'account.quotas_changed':
      return changesOf({ changed: detail.quotas, before: detail.before }, quotaTexts)
    case 'account.renamed':
      return [{ name: 'Name', from: String(detail.from), to: String(detail.to) }]
    case 'member.role_changed':
      return [{ name: 'Role', from: roleText(detail.from), to: roleText(detail.to) }]
    default:
      return []
  }
}

type FieldText = { name: string; text: (value: unknown) => string }
type Texts = (field: string) => FieldText

function changesOf({ changed, before }: Stored, texts: Texts): FieldChange[] {
  if (!isObject(changed)) return []
  return Object.entries(changed).map(([field, value]) => {
    const { name, text } = texts(field)
    const from = isObject(before) && field in before ? text(before[field]) : formerOf(value, text)
    return { name, from, to: text(value) }
  })
}

/** What is no switch could have been anything. */
function formerOf(value: unknown, text: FieldText['text']): string | null {
  return typeof value === 'boolean' ? text(!value) : null
}

const isObject = (value: unknown): value is Stored => typeof value === 'object' && value !== null

const plain: Texts = (name) => ({ name, text: (value) => textOf(value) })

function textOf(value: unknown): string {
  if (value === null || value === undefined) return 'None'
  if (typeof value === 'boolean') return value ? 'Yes' : 'No'
  return typeof value === 'object' ? JSON.stringify(value) : String(value)
}

const keyTexts: Texts = (field) => {
  if (field === 'needsReview') return { name: 'Needs a review', text: textOf }
  if (field === 'credits') return { name: 'Credits', text: creditsText }
  const known = keyFields.find(({ inEvents }) => inEvents === field)
  if (known === undefined) return plain(field)
  const { name, of, text } = known
  return { name, text: (value) => text({ [of]: inAnswers(field, value) } as never) }
}

/** A field as the API answers it. */
function inAnswers(field: string, value: unknown): unknown {
  switch (field) {
    case 'disabled':
      return value !== true
    case 'expiresAt':
      return typeof value === 'number' ? new Date(value).toISOString() : null
    case 'rateLimit':
    case 'mayGrant':
      return withWireNames(value)
    default:
      return value
  }
}

function withWireNames(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withWireNames)
  if (!isObject(value)) return value
  const named = Object.entries(value).map(([name, each]) => [wireName(name), withWireNames(each)])
  return Object.fromEntries(named)
}

const wireName = (name: string) => name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)

/** Unlike a comparison of versions, an event says to what the balance was set. */
function creditsText(value: unknown): string {
  const { text = textOf } = keyFields.find(({ of }) => of === 'credits') ?? {}
  const terms = text({ credits: value } as never)
  // Never set: the key shares the balance of others.
  if (!isObject(value) || value.since === 0) return terms
  return `Set to ${numberText(Number(value.remaining))}. ${terms}`
}

const endpointNames: Record<string, string> = {
  url: 'URL',
  description: 'Description',
  events: 'Events',
  enabled: 'Enabled',
  needsReview: 'Needs a review',
}

const endpointTexts: Texts = (field) => ({
  name: endpointNames[field] ?? field,
  text: (value) => (field === 'events' ? eventsText(value) : textOf(value)),
})

const eventsText = (value: unknown) => (Array.isArray(value) ? value.join(', ') : 'All')

const quotaNames: Record<string, string> = {
  keys: 'API keys',
  members: 'Members',
  endpoints: 'Webhook endpoints',
  changes_per_minute: 'Changes a minute',
}

const quotaTexts: Texts = (field) => ({
  name: quotaNames[field] ?? field,
  text: (value) => (typeof value === 'number' ? numberText(value) : 'As for every account'),
})

function roleText(role: unknown): string {
  const names: Record<string, string> = roleName
  return names[String(role)] ?? String(role)
}

/** "Scopes: None → contacts:read", for a file. */
export function changeText({ name, from, to }: FieldChange): string {
  return `${name}: ${from === null ? `now ${to}` : `${from} → ${to}`}`
}
