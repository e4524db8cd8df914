// Client addresses against lists of addresses and CIDR blocks, IPv4 and IPv6, by ipaddr.js.
import ipaddr from 'ipaddr.js'

/** Whether the text is an address or a CIDR block with no host bits left over to guess about. */
export function isAddressOrBlock(text: string): boolean {
  return text.includes('/')
    ? ipaddr.isValidCIDR(text) && isAddress(text.split('/')[0])
    : isAddress(text)
}

/**
 * Whether the text is an address written in full. ipaddr.js also reads 127.1, 0x7f.1 and 010.0.0.1 as
 * IPv4, each in a way of its own: what two readers read differently is no address.
 */
export function isAddress(text = ''): boolean {
  return text.includes(':') ? ipaddr.IPv6.isValid(text) : ipaddr.IPv4.isValidFourPartDecimal(text)
}

/**
 * What one sender can choose addresses from: of IPv6 the first 64 bits (RFC 4291 2.5.4), as a household or a
 * server is given them. null for what is no address.
 */
export function networkOf(ip: string | null): string | null {
  if (ip === null || !isAddress(ip)) return null
  const address = ipaddr.process(ip)
  if (address.kind() === 'ipv4') return address.toString()
  const groups = (address as ipaddr.IPv6).parts.slice(0, 4)
  return `${groups.map((group) => group.toString(16)).join(':')}::/64`
}

/** Whether the address is in the list. An address that is not known is in none. */
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
