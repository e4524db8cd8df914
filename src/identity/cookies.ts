// The cookies of Better Auth.

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
