// Which URLs webhooks may be sent to: public https ones. Addresses are judged as the URL parser reads them, so
// that decimal, hexadecimal, octal and short forms, trailing dots and mapped addresses are one and the same.
import ipaddr from 'ipaddr.js'

export type TargetRules = {
  /** Plain http and private places, on this machine alone: for development. */
  localhost: boolean
  /** Our own host name: what asks itself goes past the doors, or round in circles. */
  ownHost: string
}

const maxCharacters = 2_000

/** The URL as it is to be kept, or why it is refused (the end of a sentence). */
export function webhookTarget(
  text: string,
  rules: TargetRules,
): { url: string } | { refused: string } {
  const url = URL.parse(text)
  if (url === null || text.length > maxCharacters) return { refused: 'is no URL' }
  const refused = refusal(url, rules)
  return refused === null ? { url: url.href } : { refused }
}

function refusal(url: URL, { localhost, ownHost }: TargetRules): string | null {
  const { protocol, port, username, password, hash } = url
  if (username !== '' || password !== '') return 'must not hold a user name or password'
  if (hash !== '') return 'must not have a fragment'
  // A name ends in a dot or not; both mean the same.
  const host = url.hostname.replace(/\.+$/, '')
  if (localhost && isLoopback(host) && /^https?:$/.test(protocol)) return null
  if (protocol !== 'https:') return 'must begin with https://'
  if (port !== '' && Number(port) < lowestPort)
    return `must use port 443, or one from ${lowestPort}`
  if (host === ownHost) return 'is this Latchkey itself'
  return refusedHost(host)
}

// Below lie the ports of other protocols; 443 reads as ''.
const lowestPort = 1024

function isLoopback(host: string): boolean {
  const address = addressOf(host)
  return address === null ? host === 'localhost' : address.range() === 'loopback'
}

function refusedHost(host: string): string | null {
  const address = addressOf(host)
  if (address !== null)
    return isPublic(address) ? null : 'must not name a private or special address'
  if (!host.includes('.')) return 'must name a public host'
  const isReserved = reservedNames.some((name) => host === name || host.endsWith(`.${name}`))
  return isReserved ? 'must name a public host' : null
}

/** RFC 6761, 6762, 7686, 8375, 9476 and what networks use by habit; metadata.google.internal among them. */
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
  // The parser has made every form of IPv4 four decimal parts, and put brackets around IPv6.
  const text = host.replace(/^\[(.*)\]$/, '$1')
  return ipaddr.isValid(text) ? ipaddr.process(text) : null
}

// Not in RFC 6890: where clouds answer their machines.
const cloudAddresses = ['168.63.129.16']
// RFC 4291 2.4, IANA: all that was ever handed out. Outside lie ::a.b.c.d, fec0::/10 and the like.
const globalUnicast = ipaddr.IPv6.parseCIDR('2000::/3')

function isPublic(address: ipaddr.IPv4 | ipaddr.IPv6): boolean {
  if (address.range() !== 'unicast' || cloudAddresses.includes(address.toString())) return false
  return address.kind() === 'ipv4' || address.match(globalUnicast)
}
