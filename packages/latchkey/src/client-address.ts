// The address of the client, by which Latchkey checks `allowed_ips` and counts floods.
import type { Context } from 'hono'

/** The address of the client; null where it is not known. */
export type ClientAddress = (c: Context) => string | null

/**
 * The address that Cloudflare states in `CF-Connecting-IP`, on its own runtime and for a request that came through
 * its network: such a request has `cf`, which no client can set. Anywhere else a client can send that header
 * itself, so the address is null, and a key with `allowed_ips` is refused.
 */
export const addressByCloudflare: ClientAddress = function addressByCloudflare({ req: { raw } }) {
  const { navigator } = globalThis as { navigator?: { userAgent?: string } }
  const { cf } = raw as { cf?: unknown }
  const isByCloudflare = navigator?.userAgent === 'Cloudflare-Workers' && cf instanceof Object
  return isByCloudflare ? raw.headers.get('cf-connecting-ip') : null
}
