// Matches client addresses against lists of addresses and CIDR blocks, IPv4 and IPv6.
import ipaddr from 'ipaddr.js'

/** Whether the text is an address, or a CIDR block whose network is an address in full form. */
export function isAddressOrBlock(text: string): boolean {
  return text.includes('/')
    ? ipaddr.isValidCIDR(text) && isAddress(text.split('/')[0])
    : isAddress(text)
}

/**
 * Whether the text is an IPv6 address, or IPv4 in four decimal parts. ipaddr.js also parses 127.1, 0x7f.1
 * and 010.0.0.1, which parsers read differently: those are refused.
 */
export function isAddress(text = ''): boolean {
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

function blockOf(entry: string): [ipaddr.IPv4 | ipaddr.IPv6, number] {
  if (entry.includes('/')) return ipaddr.parseCIDR(entry)
  const address = ipaddr.process(entry)
  return [address, address.kind() === 'ipv4' ? 32 : 128]
}
