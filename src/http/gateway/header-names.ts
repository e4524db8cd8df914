// The names of headers as the most lenient server behind Latchkey reads them: some take `_` or `.` for `-`.

/** @param name in lower case, as `Headers` lists it. */
export function foldName(name: string): string {
  return name.replace(/[^a-z0-9]/g, '-')
}

/** With these headers some frameworks use another method than the one that the policy saw. */
const methodOverrides = new Set(['x-http-method-override', 'x-http-method', 'x-method-override'])

export function isMethodOverride(name: string): boolean {
  return methodOverrides.has(foldName(name))
}

/** What only Latchkey sets, and its own credential and account. */
const ours = /^(x-api-key|latchkey-account|x-latchkey(-.*)?)$/

/** About the client's address and the target, which the gateway sets or the policy decided on. */
const forwarding =
  /^(forwarded|x-(forwarded|original|rewrite)(-.*)?|x-host|x-real-ip|(x-|x-cluster-|true-|fastly-)?client-ip)$/

/** Whether a header of the client never passes, whatever it holds. */
export function isReservedHeader(name: string): boolean {
  const folded = foldName(name)
  if (ours.test(folded) || forwarding.test(folded)) return true
  // Those of the platform are spelt with `-`; another spelling is a client's.
  return folded !== name && folded.startsWith('cf-')
}

/** A spelling of an identity header that no proxy replaces by ours. */
export function isMisspeltIdentity(name: string): boolean {
  const folded = foldName(name)
  return folded !== name && folded.startsWith('x-latchkey-')
}
