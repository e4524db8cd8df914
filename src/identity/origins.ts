// Which pages may act with a session cookie. A cookie travels along with requests that a foreign page
// makes (`SameSite=Lax` stops other sites, not other ports or subdomains of ours), so Origin is asked.

/** BASE_URL, and in local development its twin: `localhost` and `127.0.0.1` are two origins. */
export function trustedOrigins(baseUrl: string): string[] {
  const twins: Record<string, string> = { localhost: '127.0.0.1', '127.0.0.1': 'localhost' }
  const url = new URL(baseUrl)
  const twin = twins[url.hostname]
  if (twin === undefined) return [url.origin]
  const other = new URL(url)
  other.hostname = twin
  return [url.origin, other.origin]
}

/** Whether a request that changes something by cookie comes from a page of ours. */
export function isFromTrustedOrigin(headers: Headers, baseUrl: string): boolean {
  const origin = headers.get('origin')
  return origin !== null && trustedOrigins(baseUrl).includes(origin)
}

/**
 * Whether a browser sent this for a page that is not ours. What has neither header is no browser of today,
 * and no page can make a browser leave them out.
 */
export function isOfForeignPage(headers: Headers, baseUrl: string): boolean {
  if (headers.has('origin')) return !isFromTrustedOrigin(headers, baseUrl)
  const site = headers.get('sec-fetch-site')
  return site !== null && site !== 'same-origin' && site !== 'none'
}
