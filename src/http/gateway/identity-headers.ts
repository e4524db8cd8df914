// The principal of a request in headers that the API behind Latchkey trusts: the gateway adds them, and a proxy
// copies them from the response of forward auth.
import type { Principal } from '../auth/principal.ts'

const name = 'x-latchkey-'

/** Every header each time, none empty: Caddy 2.6 forwards its literal placeholder for a missing one. */
export function identityHeaders(principal: Principal, requestId: string): Record<string, string> {
  return {
    [`${name}account`]: principal.accountId,
    [`${name}key-id`]: principal.key?.id ?? 'none',
    [`${name}user`]: principal.personId ?? principal.key?.createdBy ?? 'none',
    [`${name}scopes`]: principal.scopes.join(' ') || 'none',
    [`${name}request-id`]: requestId,
  }
}
