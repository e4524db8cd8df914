// Matches client addresses against lists of addresses and CIDR blocks, IPv4 and IPv6.
import ipaddr from 'ipaddr.js'

export type BlockResult = { block: string } | { error: string }

/**
 * The one spelling (RFC 5952) of an address or a CIDR block. IPv4 in IPv6 (`::ffff:0:0/96`, RFC 4291 2.5.5.2)
 * is read as IPv4, as the addresses of clients are. A block with bits beyond its length has two meanings,
 * one address or its whole network, and is refused.
 */
export function readAddressOrBlock(text: string): BlockResult {
  const [address = '', length] = text.split('/', 2)
  const isBlock = length !== undefined
  if (!isAddress(address) || (isBlock && !ipaddr.isValidCIDR(text))) {
    return { error: 'Not an IP address or CIDR block' }
  }
  if (!isBlock) return { block: ipaddr.process(address).toString() }
  const [given, bits] = ipaddr.parseCIDR(text)
  const network = networkAddress(given, bits)
  const block = blockText(network, bits)
  if (given.toString() === network.toString()) return { block }
  return { error: `Bits are set beyond /${bits}: perhaps ${block} was meant` }
}

const mappedBits = 96

function blockText(network: ipaddr.IPv4 | ipaddr.IPv6, bits: number): string {
  // A network within ::ffff:0:0/96 has at least its 96 bits.
  if (isMapped(network)) return `${network.toIPv4Address()}/${bits - mappedBits}`
  return `${network}/${bits}`
}

function isMapped(address: ipaddr.IPv4 | ipaddr.IPv6): address is ipaddr.IPv6 {
  return address.kind() === 'ipv6' && (address as ipaddr.IPv6).isIPv4MappedAddress()
}

function networkAddress(address: ipaddr.IPv4 | ipaddr.IPv6, bits: number) {
  const bytes = address.toByteArray().map((byte, at) => {
    const kept = Math.min(Math.max(bits - at * 8, 0), 8)
    return byte & (0xff << (8 - kept)) & 0xff
  })
  return ipaddr.fromByteArray(bytes)
}

/**
 * Whether the text is an IPv6 address, or IPv4 in four decimal parts. ipaddr.js also parses 127.1, 0x7f.1
 * and 010.0.0.1, which parsers read differently: those are refused.
 */
export function isAddress(text = ''): boolean {
  // A zone (RFC 4007 11) means something on one host alone.
  if (text.includes('%')) return false
  return text.includes(':') ? ipaddr.IPv6.isValid(text) : ipaddr.IPv4.isValidFourPartDecimal(text)
}

/**
 * The network that one sender can choose addresses from: the address itself for IPv4, the first 64 bits for
 * IPv6 (RFC 4291 2.5.4), as `2001:db8:0:1::/64`. null when the text is no address.
 */
export function networkOf(ip: string | null): string | null {
  if (ip === null || !isAddress(ip)) return null
  const address = ipaddr.process(ip)
  if (address.kind() === 'ipv4') return address.toString()
  const groups = (address as ipaddr.IPv6).parts.slice(0, 4)
  return `${groups.map((group) => group.toString(16)).join(':')}::/64`
}

/** The network of an address that logs may hold: 24 bits of IPv4, 48 of IPv6. null when the text is no address. */
export function cutAddress(ip: string | null): string | null {
  if (ip === null || !isAddress(ip)) return null
  const address = ipaddr.process(ip)
  const bits = address.kind() === 'ipv4' ? 24 : 48
  return `${networkAddress(address, bits)}/${bits}`
}

/** Whether the address matches an entry of the list; an unknown address (null) matches none. */
export function isAllowedAddress(ip: string | null, allowed: readonly string[]): boolean {
  if (ip === null || !isAddress(ip)) return false
  // An IPv4 client may arrive as ::ffff:192.0.2.1 (RFC 4291 2.5.5.2).
  const address = ipaddr.process(ip)
  return allowed.some((entry) => {
    const [network, bits] = blockOf(entry)
    return network.kind() === address.kind() && address.match(network, bits)
  })
}

/** Whether every address of the inner block or address is within the outer one. */
export function contains(outer: string, inner: string): boolean {
  const [network, bits] = blockOf(outer)
  const [address, innerBits] = blockOf(inner)
  return network.kind() === address.kind() && innerBits >= bits && address.match(network, bits)
}

function blockOf(entry: string): [ipaddr.IPv4 | ipaddr.IPv6, number] {
  if (!entry.includes('/')) {
    const address = ipaddr.process(entry)
    return [address, address.kind() === 'ipv4' ? 32 : 128]
  }
  const [network, bits] = ipaddr.parseCIDR(entry)
  // Wider than IPv4 in IPv6: bits are set beyond it, and it is read as the IPv6 that it is.
  if (!isMapped(network) || bits < mappedBits) return [network, bits]
  return [network.toIPv4Address(), bits - mappedBits]
}
