// Keeps forward auth below the prefix of the proxy's policy, on every route.
import { Problem } from '../response/problem.ts'
import { challenge } from '../response/refusals.ts'

/**
 * Envoy appends the client's path to the prefix. Where something on the way resolves dot segments, `/../../../healthz`
 * leaves the prefix and gets a 200 that would admit it. A proxy that names its prefix gets answers below it only.
 */
export function leavesPrefix(headers: Headers, path: string): boolean {
  const prefix = headers.get('x-latchkey-forward-auth')
  return prefix !== null && !`${path}/`.startsWith(`/forward-auth/${prefix}/`)
}

export const outsidePrefix = new Problem('forbidden', {
  detail: 'The path leaves the policy that the proxy selected.',
  headers: challenge('invalid_request'),
})
