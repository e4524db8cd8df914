// The principal of a request in headers that the API behind Latchkey trusts: the gateway adds them, and a proxy
// copies them from the response of forward auth.
import type { Principal } from '../auth/principal.ts'

const name = 'x-latchkey-'

/** Every header each time, none empty: Caddy 2.6 forwards its literal placeholder for a missing one. */
export function identityHeaders(principal: Principal, requestId: string): Record<string, string> {
  const { accountId, key, personId, scopes, resources } = principal
  return {
    [`${name}account`]: accountId,
    [`${name}key-id`]: key?.id ?? 'none',
    [`${name}user`]: personId ?? key?.createdBy ?? 'none',
    [`${name}scopes`]: scopes.join(' ') || 'none',
    [`${name}resources`]: resources.join(' ') || 'none',
    [`${name}external-id`]: externalIdOf(key?.externalId ?? null),
    [`${name}environment`]: key?.environment ?? 'none',
    ...requestIdHeader(requestId),
  }
}

/** Of a request that belongs to nobody. */
export function requestIdHeader(requestId: string): Record<string, string> {
  return { [`${name}request-id`]: requestId }
}

/** No key has the external id `none`. Any other text would not fit into a header. */
function externalIdOf(externalId: string | null): string {
  return externalId === null ? 'none' : encodeURIComponent(externalId.toWellFormed())
}
