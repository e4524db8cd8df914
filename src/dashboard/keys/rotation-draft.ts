// The rotation dialog's state, and its conversion to a request. Pure: no React, no I/O.
import type { Key, Rotation } from './api.ts'

/** Of the new token; `keep`: as the old one had it. */
export type Lifetime = 'keep' | '30' | '90' | '365' | 'never'

/** `overlap`: seconds, in which the old token still works. */
export type RotationDraft = { overlap: string; lifetime: Lifetime }

const dayMs = 86_400_000

export function rotationOf({ overlap, lifetime }: RotationDraft, nowMs: number): Rotation {
  const overlap_seconds = Number(overlap)
  if (lifetime === 'keep') return { overlap_seconds }
  if (lifetime === 'never') return { overlap_seconds, expires_at: null }
  const expires_at = new Date(nowMs + Number(lifetime) * dayMs).toISOString()
  return { overlap_seconds, expires_at }
}

export function lifetimes({ expires_at }: Pick<Key, 'expires_at'>): Record<Lifetime, string> {
  return {
    keep: expires_at === null ? 'Never, as now' : 'When the old one would have',
    '30': 'After 30 days',
    '90': 'After 90 days',
    '365': 'After 1 year',
    never: 'Never',
  }
}
