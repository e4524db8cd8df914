// A row as an entry of POST /api/api-keys/import, or why it is none.
import { type fields, heldIn, type Row, type Source } from './source.ts'

export type Settings = { source: Source; format: string | undefined; scopes: string[] | undefined }
export type Entry = { digest: string; name: string } & Record<string, unknown>
export type Reading =
  | { kind: 'entry'; entry: Entry }
  /** Its key works no more: nothing is lost. */
  | { kind: 'skipped'; why: 'expired' | 'disabled' }
  | { kind: 'refused'; field: string; reason: string }

const maxName = 80
const sha256 = /^([0-9a-f]{64}|[\w+/-]{43}=?)$/i

/** Ends a row with the field that it could not read. */
class Unreadable extends Error {
  readonly field: string
  constructor(field: string, reason: string) {
    super(reason)
    this.field = field
  }
}

export function readRow(row: Row, settings: Settings, nowMs: number): Reading {
  if (settings.source.isOff(row)) return { kind: 'skipped', why: 'disabled' }
  try {
    const entry = entryOf(row, settings)
    const { expires_at } = entry
    const isOver = typeof expires_at === 'string' && Date.parse(expires_at) <= nowMs
    return isOver ? { kind: 'skipped', why: 'expired' } : { kind: 'entry', entry }
  } catch (error) {
    if (!(error instanceof Unreadable)) throw error
    return { kind: 'refused', field: error.field, reason: error.message }
  }
}

function entryOf(row: Row, { source, format, scopes }: Settings): Entry {
  const of = (field: (typeof fields)[number]) => heldIn(row, source.columns[field])
  const entry = {
    ...{ digest: digestOf(of('digest')), format },
    name: nameOf(of('name')),
    key_prefix: textOf(of('key_prefix')),
    scopes: scopesOf(of('scopes')) ?? scopes ?? withoutScopes(),
    expires_at: timeOf(of('expires_at')),
    external_id: textOf(of('external_id')),
    metadata: jsonOf(of('metadata')),
  }
  const given = Object.entries(entry).filter(([, value]) => value !== undefined)
  return Object.fromEntries(given) as Entry
}

/** What is no digest may be the token itself, which must not be sent: its system stored it unhashed. */
function digestOf(value: unknown): string {
  if (value === undefined) throw new Unreadable('digest', 'There is none')
  if (typeof value === 'string' && sha256.test(value)) return value
  throw new Unreadable('digest', 'Not a SHA-256 digest in hex, base64 or base64url')
}

/** Cut by code points: half a surrogate pair is not valid text. */
function nameOf(value: unknown): string {
  const text = value === undefined ? 'Imported' : String(value)
  return text.length <= maxName ? text : [...text].slice(0, maxName).join('')
}

function textOf(value: unknown): string | undefined {
  return value === undefined ? undefined : String(value)
}

/** Without scopes, the key would inherit all rights of who imports it. */
function withoutScopes(): never {
  throw new Unreadable('scopes', 'There are none: set --scopes ("" for none)')
}

/** A list, JSON in a text column, an array of Postgres in CSV, or names separated by commas. */
function scopesOf(value: unknown): unknown {
  if (typeof value !== 'string') return value
  if (value.startsWith('[')) return jsonOf(value, 'scopes')
  const inner = value.startsWith('{') ? value.replace(/^\{|\}$/g, '').replaceAll('"', '') : value
  return inner.split(',').flatMap((each) => each.trim() || [])
}

/** Some databases hold JSON as text. */
function jsonOf(value: unknown, field = 'metadata'): unknown {
  if (typeof value !== 'string') return value
  try {
    return JSON.parse(value) ?? undefined
  } catch {
    throw new Unreadable(field, 'Not valid JSON')
  }
}

/** Seconds or milliseconds since 1970, or a date, which without a zone is in UTC. */
function timeOf(value: unknown): string | undefined {
  if (value === undefined) return undefined
  const text = String(value)
  if (/^\d{9,14}(\.\d+)?$/.test(text)) {
    const number = Number(text)
    return isoOf(new Date(number < 1e11 ? number * 1000 : number))
  }
  const hasZone = /(Z|[+-]\d\d(:?\d\d)?)$/i.test(text.slice(10))
  const isDay = /^\d{4}-\d\d-\d\d$/.test(text)
  return isoOf(new Date(hasZone || isDay ? text : `${text.replace(' ', 'T')}Z`))
}

function isoOf(date: Date): string {
  if (Number.isNaN(date.getTime())) throw new Unreadable('expires_at', 'Not a time')
  return date.toISOString()
}
