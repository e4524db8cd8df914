// What the form of an account changes. Pure: no React, no I/O.
import type { Account, AccountChanges } from './api.ts'

export const quotaNames = {
  keys: 'API keys',
  members: 'Members',
  endpoints: 'Webhook endpoints',
  changes_per_minute: 'Changes a minute',
} as const

export type QuotaKind = keyof typeof quotaNames
export const quotaKinds = Object.keys(quotaNames) as QuotaKind[]

type FieldOf = (name: string) => string

export function quotaErrors(fieldOf: FieldOf): Partial<Record<QuotaKind, string>> {
  const wrong = quotaKinds.filter((kind) => !/^\d{0,9}$/.test(fieldOf(kind)))
  return Object.fromEntries(wrong.map((kind) => [kind, 'Enter a whole number, or nothing']))
}

/** Only what differs. An empty quota is the default again. */
export function accountChanges(
  before: Pick<Account, 'name' | 'quotas'>,
  fieldOf: FieldOf,
): AccountChanges {
  const name = fieldOf('name')
  const { quotas } = before
  const changed = quotas && quotaKinds.filter((kind) => fieldOf(kind) !== String(quotas[kind]))
  return {
    ...(name !== before.name && { name }),
    ...(changed &&
      changed.length > 0 && {
        quotas: Object.fromEntries(changed.map((kind) => [kind, quotaOf(fieldOf(kind))])),
      }),
  }
}

function quotaOf(text: string): number | null {
  return text === '' ? null : Number(text)
}
