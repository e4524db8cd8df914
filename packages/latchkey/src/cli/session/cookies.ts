// The cookies of a session, as much of RFC 6265 as one program with one server needs.

/** What `response` sets and removes. */
export function withCookies(
  cookies: Record<string, string>,
  response: Response,
): Record<string, string> {
  const next = { ...cookies }
  for (const line of response.headers.getSetCookie()) {
    const [pair = '', ...attributes] = line.split(';')
    const at = pair.indexOf('=')
    if (at < 1) continue
    const name = pair.slice(0, at).trim()
    const isRemoved = attributes.some((each) => /^\s*max-age\s*=\s*(0|-\d+)\s*$/i.test(each))
    if (isRemoved) delete next[name]
    else next[name] = pair.slice(at + 1).trim()
  }
  return next
}

export function cookieHeader(cookies: Record<string, string>): string {
  return Object.entries(cookies)
    .map(([name, value]) => `${name}=${value}`)
    .join('; ')
}
