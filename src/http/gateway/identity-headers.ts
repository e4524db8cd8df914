// Who a request is from, in the headers that the API behind Latchkey believes: the gateway adds them
// itself, and a proxy that asked by forward auth copies them.
import type { Principal } from '../auth/principal.ts'

const name = 'x-latchkey-'

/** All of them, each time, none empty: Caddy 2.6 forwards its literal placeholder for one that is missing. */
export function identityHeaders(holder: Principal, requestId: string): Record<string, string> {
  return {
    [`${name}account`]: holder.accountId,
    [`${name}key-id`]: holder.key?.id ?? 'none',
    [`${name}user`]: holder.personId ?? holder.key?.createdBy ?? 'none',
    [`${name}scopes`]: holder.scopes.join(' ') || 'none',
    [`${name}request-id`]: requestId,
  }
}

/** Some servers read _ as -, so that X_Latchkey_Account would be taken for ours. */
export function isIdentityHeader(header: string): boolean {
  return header.replaceAll('_', '-').startsWith(name)
}
