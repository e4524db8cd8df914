// Which pages may use a session cookie. `SameSite` stops requests of other sites, not those of other ports or
// subdomains of our site, so the Origin header is checked.

/** BASE_URL, and in local development the other of `localhost` and `127.0.0.1`, which are two origins. */
export function trustedOrigins(baseUrl: string): string[] {
  const alternatives: Record<string, string> = { localhost: '127.0.0.1', '127.0.0.1': 'localhost' }
  const url = new URL(baseUrl)
  const alternative = alternatives[url.hostname]
  if (alternative === undefined) return [url.origin]
  const other = new URL(url)
  other.hostname = alternative
  return [url.origin, other.origin]
}

/** Whether a browser sent the request for one of our pages. */
export function isFromTrustedOrigin(headers: Headers, baseUrl: string): boolean {
  const origin = headers.get('origin')
  return origin !== null && trustedOrigins(baseUrl).includes(origin)
}

/**
 * Whether a browser sent the request for a foreign page. Without either header it comes from no current browser, and
 * no page can make a browser omit them.
 */
export function isOfForeignPage(headers: Headers, baseUrl: string): boolean {
  if (headers.has('origin')) return !isFromTrustedOrigin(headers, baseUrl)
  const site = headers.get('sec-fetch-site')
  return site !== null && site !== 'same-origin' && site !== 'none'
}
