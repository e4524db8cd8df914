// The draft of a new key that a link fills in, or another key, and what of it could not be filled in. Pure: no React, no I/O.
import type { Scope } from '../scopes/api.ts'
import { grantRefusal, wildcardRefusal } from '../scopes/catalogue.ts'
import { coveredBy, isListed, splitHeld } from '../scopes/held-scopes.ts'
import type { Role } from '../session/roles.ts'
import type { Format, Key, KeyTemplate } from './api.ts'
import {
  addressesOf,
  draftOfKey,
  type ExpiryChoice,
  emptyDraft,
  type KeyDraft,
  managesKeys,
} from './key-draft.ts'
import { draftOfLimits } from './limit-draft.ts'
import { metadataText } from './metadata-draft.ts'

type Context = {
  catalogue: readonly Scope[]
  formats: readonly Format[]
  role: Role
  nowMs: number
}

export type Proposal = { draft: KeyDraft; notes: readonly string[] }

type Part = { draft: Partial<KeyDraft>; notes?: readonly string[] }

const maxNameLength = 80
const dayMs = 86_400_000

/** By parameter of `/keys/new`. */
const readers: Record<string, (text: string, context: Context) => Part> = {
  name: (text) => ({ draft: { name: [...text.trim()].slice(0, maxNameLength).join('') } }),
  scopes: (text, context) => scopesPart(text.split(/[\s,]+/).filter(Boolean), context),
  expires: (text, { nowMs }) => expiryPart(text, nowMs),
  format: (text, { formats }) =>
    formats.some(({ format }) => format === text)
      ? { draft: { format: text } }
      : { draft: {}, notes: [`No token format is called “${cut(text)}”.`] },
  external_id: (text) => ({ draft: { externalId: text.trim() } }),
  allowed_ips: (text) => ({ draft: { addresses: addressesOf(text).join('\n') } }),
}

/** They name what is filled in, and are read elsewhere. */
const others = ['copy_of', 'template']

/** What the template leaves open is as in an empty form. */
export function proposalOfTemplate(template: KeyTemplate, context: Context): Proposal {
  const { name, scopes, format, allowed_ips, metadata, rate_limit } = template
  const days = template.never_expires ? 'never' : template.expires_in_days?.toString()
  const limits = draftOfLimits({ rate_limit, credits: null, limits_by: 'key' })
  return together({ ...emptyDraft, metadata: metadataText(metadata), limits }, [
    { draft: { name: name ?? '', addresses: allowed_ips?.join('\n') ?? '' } },
    { draft: format === null ? {} : { format } },
    ...(scopes ? [scopesPart(scopes, context)] : []),
    ...(days ? [expiryPart(days, context.nowMs)] : []),
  ])
}

/** null: the address fills in nothing. */
export function proposalOfLink(params: URLSearchParams, context: Context): Proposal | null {
  const given = [...new Set(params.keys())].filter((name) => !others.includes(name))
  if (given.length === 0) return null
  const parts = given.map((name): Part => {
    const read = Object.hasOwn(readers, name) ? readers[name] : undefined
    const text = params.getAll(name).join(',')
    return read?.(text, context) ?? { draft: {}, notes: [`“${cut(name)}” is no field of a link.`] }
  })
  return together(emptyDraft, parts)
}

/** A new key with the same grant. Its balance of credits is not copied. */
export function proposalOfCopy(key: Key, context: Context): Proposal {
  const { formats, role, nowMs } = context
  const before = draftOfKey(key)
  const isKnown = formats.some(({ format }) => format === key.format)
  const parts: Part[] = [
    { draft: { name: [...`${key.name} (copy)`].slice(0, maxNameLength).join('') } },
    expiryPart(lifetimeOf(key), nowMs),
    ...(before.scopeChoice === 'selected' ? [scopesPart(key.scopes ?? [], context)] : []),
    ...(before.scopeChoice === 'inherit'
      ? [{ draft: {}, notes: ['It inherits your permissions, not those of another creator.'] }]
      : []),
    ...(isKnown
      ? []
      : [
          { draft: { format: '' }, notes: [`No token format is called “${key.format}” any more.`] },
        ]),
    ...(managesKeys(before) && role !== 'owner'
      ? [{ draft: {}, notes: ['Only owners set what a key may grant.'] }]
      : []),
  ]
  return together(before, parts)
}

/** "30" days, "never" or a date. */
function lifetimeOf({ created_at, expires_at }: Key): string {
  if (expires_at === null) return 'never'
  const days = Math.round((Date.parse(expires_at) - Date.parse(created_at)) / dayMs)
  return String(Math.max(1, days))
}

function together(draft: KeyDraft, parts: readonly Part[]): Proposal {
  return {
    draft: Object.assign({}, draft, ...parts.map((part) => part.draft)),
    notes: parts.flatMap(({ notes = [] }) => notes),
  }
}

function scopesPart(asked: readonly string[], { catalogue, role }: Context): Part {
  const wanted = [...new Set(asked)]
  const refusals = wanted.map((held) => refusalOf(held, catalogue, role))
  return {
    draft: {
      scopeChoice: wanted.length === 0 ? 'none' : 'selected',
      scopes: wanted.filter((_, index) => refusals[index] === null),
    },
    notes: refusals.filter((refusal) => refusal !== null),
  }
}

/** Why it is not selected, in a sentence that names it. */
function refusalOf(held: string, catalogue: readonly Scope[], role: Role): string | null {
  const name = cut(held)
  if (!isListed(held, catalogue)) return `No scope is called “${name}”.`
  if (coveredBy(held, catalogue).length > 0) {
    const refusal = wildcardRefusal(held, catalogue, role)
    return refusal && `${name}: ${refusal}`
  }
  const scope = catalogue.find((each) => each.scope === splitHeld(held).scope)
  const refusal = scope ? grantRefusal(scope, role) : null
  return refusal && `${name}: ${refusal}`
}

const lengths: readonly string[] = ['7', '30', '90', '365', 'never'] satisfies ExpiryChoice[]
const maxDays = 36_500

function expiryPart(text: string, nowMs: number): Part {
  if (lengths.includes(text)) return { draft: { expiry: text as ExpiryChoice } }
  const days = /^\d{1,5}$/.test(text) ? Number(text) : 0
  if (days > 0 && days <= maxDays) return { draft: dateDraft(nowMs + days * dayMs) }
  const timeMs = /^\d{4}-\d{2}-\d{2}$/.test(text) ? Date.parse(`${text}T23:59:59`) : Number.NaN
  if (timeMs > nowMs) return { draft: { expiry: 'date', date: text } }
  return {
    draft: {},
    notes: [`“${cut(text)}” is no number of days, no day to come and not “never”.`],
  }
}

/** In local time, as the field of the date. */
function dateDraft(timeMs: number): Partial<KeyDraft> {
  const date = new Date(timeMs)
  const two = (part: number) => String(part).padStart(2, '0')
  const text = [date.getFullYear(), two(date.getMonth() + 1), two(date.getDate())].join('-')
  return { expiry: 'date', date: text }
}

/** What somebody else wrote into a link. */
const cut = (text: string) => (text.length > 60 ? `${text.slice(0, 60)}…` : text)
