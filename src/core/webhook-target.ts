// Which URLs webhooks may be sent to: public https ones, against SSRF. Addresses are checked as the URL parser
// normalises them: decimal, hexadecimal, octal, short and IPv4-mapped forms are all the same address.
import ipaddr from 'ipaddr.js'

export type TargetRules = {
  /** Also allow http, and any port, on loopback addresses: for development. */
  localhost: boolean
  /** The host name of this deployment: a webhook to itself could bypass its guards, or loop. */
  ownHost: string
}

const maxLength = 2_000

/** The normalised URL, or why it is refused, as the predicate of a sentence: `must begin with https://`. */
export function webhookTarget(
  text: string,
  rules: TargetRules,
): { url: string } | { refused: string } {
  const url = URL.parse(text)
  if (url === null || text.length > maxLength) return { refused: 'is no URL' }
  const refused = refusal(url, rules)
  return refused === null ? { url: url.href } : { refused }
}

function refusal(url: URL, { localhost, ownHost }: TargetRules): string | null {
  const { protocol, port, username, password, hash } = url
  if (username !== '' || password !== '') return 'must not hold a user name or password'
  if (hash !== '') return 'must not have a fragment'
  // A host name with a trailing dot names the same host.
  const host = url.hostname.replace(/\.+$/, '')
  if (localhost && isLoopback(host) && /^https?:$/.test(protocol)) return null
  if (protocol !== 'https:') return 'must begin with https://'
  if (port !== '' && Number(port) < minPort) return `must use port 443, or one from ${minPort}`
  if (host === ownHost) return 'is this Latchkey itself'
  return hostRefusal(host)
}

// Lower ports belong to other protocols; the URL parser turns 443 into ''.
const minPort = 1024

function isLoopback(host: string): boolean {
  const address = addressOf(host)
  return address === null ? host === 'localhost' : address.range() === 'loopback'
}

function hostRefusal(host: string): string | null {
  const address = addressOf(host)
  if (address !== null)
    return isPublic(address) ? null : 'must not name a private or special address'
  if (!host.includes('.')) return 'must name a public host'
  const isReserved = reservedNames.some((name) => host === name || host.endsWith(`.${name}`))
  return isReserved ? 'must name a public host' : null
}

/** RFC 6761, 6762, 7686, 8375, 9476, and names in common use, such as metadata.google.internal. */
const reservedNames = [
  ...[
    'localhost',
    'local',
    'internal',
    'intranet',
    'corp',
    'home',
    'lan',
    'private',
    'localdomain',
  ],
  ...['home.arpa', 'onion', 'alt', 'invalid'],
]

function addressOf(host: string): ipaddr.IPv4 | ipaddr.IPv6 | null {
  // The URL parser writes every form of IPv4 as four decimal parts, and puts IPv6 in brackets.
  const text = host.replace(/^\[(.*)\]$/, '$1')
  return ipaddr.isValid(text) ? ipaddr.process(text) : null
}

// Azure's platform address, a public one that only its own virtual machines reach.
const cloudAddresses = ['168.63.129.16']
// The only block that IANA has assigned (RFC 4291 2.4); ::a.b.c.d, fec0::/10 and others lie outside.
const globalUnicast = ipaddr.IPv6.parseCIDR('2000::/3')

function isPublic(address: ipaddr.IPv4 | ipaddr.IPv6): boolean {
  if (address.range() !== 'unicast' || cloudAddresses.includes(address.toString())) return false
  return address.kind() === 'ipv4' || address.match(globalUnicast)
}
