// What a key may grant, in words. Pure.
import { numberText } from '../ui/number-text.ts'
import type { MayGrant } from './grant-draft.ts'
import { splitSeconds } from './limit-draft.ts'

/** One line for each bound, and one for the scopes in any case. */
export function grantLines(mayGrant: MayGrant | null): string[] {
  if (mayGrant === null) return ['Nothing: the key only reads, restricts and revokes keys']
  const { scopes, environments, external_ids, max_lifetime, rate_limit, max_keys } = mayGrant
  return [
    scopesText(scopes),
    environments && `In the environments: ${environments.join(', ') || 'none'}`,
    external_ids && `For the external IDs: ${external_ids.join(', ') || 'none'}`,
    max_lifetime !== null && `For at most ${lengthText(max_lifetime)}`,
    ...(rate_limit ?? []).map(
      ({ limit, window_seconds }) =>
        `With a rate limit of ${numberText(limit)} per ${windowText(window_seconds)} or less`,
    ),
    max_keys !== null &&
      `At most ${numberText(max_keys)} ${max_keys === 1 ? 'key' : 'keys'} at a time`,
  ].filter((line) => typeof line === 'string')
}

function scopesText(scopes: readonly string[] | null): string {
  if (scopes === null) return 'Any scope that is not reserved'
  return scopes.length === 0 ? 'Keys without scopes' : `Scopes: ${scopes.join(', ')}`
}

/** "minute" or "2 minutes". */
export function windowText(seconds: number): string {
  const { count, unit } = splitSeconds(seconds)
  return count === 1 ? unit : `${count} ${unit}s`
}

function lengthText(seconds: number): string {
  const { count, unit } = splitSeconds(seconds)
  return `${numberText(count)} ${unit}${count === 1 ? '' : 's'}`
}
