// The address of the client, by which Latchkey checks `allowed_ips` and counts floods: only from whom the deployer trusts.

/**
 * The address that Cloudflare states in `CF-Connecting-IP`, on its own runtime and for a request that came through
 * its network: such a request has `cf`, which no client can set. Anywhere else a client can send that header
 * itself, so the address is null, and a key with `allowed_ips` is refused.
 */
export function addressByCloudflare(request: Request): string | null {
  const { navigator } = globalThis as { navigator?: { userAgent?: string } }
  const { cf } = request as { cf?: unknown }
  const isOnWorkers = navigator?.userAgent === 'Cloudflare-Workers'
  return isOnWorkers && cf ? request.headers.get('cf-connecting-ip') : null
}
