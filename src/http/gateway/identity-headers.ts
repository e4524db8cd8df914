// The principal of a request in headers that the API behind Latchkey trusts: the gateway adds them, and a proxy
// copies them from the response of forward auth.
import type { Principal } from '../auth/principal.ts'

/** Every header each time, none empty: Caddy 2.6 forwards its literal placeholder for a missing one. */
export function identityHeaders(principal: Principal, requestId: string): Record<string, string> {
  const { accountId, key, personId, scopes, resources } = principal
  return {
    'x-latchkey-account': accountId,
    'x-latchkey-key-id': key?.id ?? 'none',
    'x-latchkey-user': personId ?? key?.createdBy ?? 'none',
    'x-latchkey-scopes': scopes.join(' ') || 'none',
    'x-latchkey-resources': resources.join(' ') || 'none',
    'x-latchkey-external-id': externalIdOf(key?.externalId ?? null),
    'x-latchkey-environment': key?.environment ?? 'none',
    ...requestIdHeader(requestId),
  }
}

/** Of a request that belongs to nobody. */
export function requestIdHeader(requestId: string): Record<string, string> {
  return { 'x-latchkey-request-id': requestId }
}

/** No key has the external id `none`. Any other text would not fit into a header. */
function externalIdOf(externalId: string | null): string {
  return externalId === null ? 'none' : encodeURIComponent(externalId.toWellFormed())
}
