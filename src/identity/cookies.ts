// The cookies of Better Auth, and ours beside them.

/**
 * On https the name has the prefix `__Host-`, so that neither a sibling domain nor plain http can set the cookie
 * (RFC 6265bis 4.1.3.2). Requests from other sites do not carry it.
 */
export function cookies(baseUrl: string) {
  const isHttps = baseUrl.startsWith('https:')
  return {
    // Else Better Auth adds its own prefix, `__Secure-`.
    useSecureCookies: false,
    cookiePrefix: isHttps ? '__Host-better-auth' : 'better-auth',
    defaultCookieAttributes: { secure: isHttps, sameSite: 'strict' as const },
  }
}

/** A cookie of our own. It is named like those of Better Auth, which the gateway does not forward. */
export function ownCookie(baseUrl: string, name: string) {
  const { cookiePrefix, defaultCookieAttributes } = cookies(baseUrl)
  const start = `${cookiePrefix}.${name}=`
  return {
    /** Its value; empty where the request carries none. */
    read(headers: Headers): string {
      const all = headers.get('cookie')?.split(/;\s*/) ?? []
      return all.find((cookie) => cookie.startsWith(start))?.slice(start.length) ?? ''
    },
    /** The `Set-Cookie` that stores a value. */
    line(value: string, maxAgeSeconds: number, sameSite: 'Strict' | 'Lax'): string {
      const parts = [`Max-Age=${maxAgeSeconds}`, 'Path=/', 'HttpOnly', `SameSite=${sameSite}`]
      const secure = defaultCookieAttributes.secure ? ['Secure'] : []
      return [`${start}${value}`, ...parts, ...secure].join('; ')
    },
  }
}
