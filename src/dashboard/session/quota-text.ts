// What is said of a quota that the account has nearly used up. Pure: no React, no I/O.

import { numberText } from '../ui/number-text.ts'
import { shareOf } from '../ui/share-of.ts'
import type { Standing } from './api.ts'

export type Quota = keyof Standing['counts']

const nearPercent = 90

const texts = {
  keys: {
    noun: 'API keys',
    end: 'no more keys can be created',
    remedy: 'Revoke keys that are no longer needed',
  },
  members: {
    noun: 'members',
    end: 'nobody else can join',
    remedy: 'Remove members who no longer need access',
  },
  endpoints: {
    noun: 'webhook endpoints',
    end: 'no more endpoints can be added',
    remedy: 'Delete endpoints that are no longer needed',
  },
} as const satisfies Record<Quota, unknown>

/** null: there is room, or no quota. */
export function quotaText(
  quota: Quota,
  { counts, quotas }: Pick<Standing, 'counts' | 'quotas'>,
): { title: string; description: string } | null {
  if (quotas === null) return null
  const [count, max] = [counts[quota], quotas[quota]]
  if (shareOf(count, max) < nearPercent) return null
  const { noun, end, remedy } = texts[quota]
  const isFull = count >= max
  const consequence = isFull
    ? `${end[0]?.toUpperCase()}${end.slice(1)}.`
    : `At ${numberText(max)}, ${end}.`
  return {
    title: `${numberText(count)} of ${numberText(max)} ${noun}`,
    description: `${consequence} ${remedy}, or ask the operator of this Latchkey for a higher quota.`,
  }
}
