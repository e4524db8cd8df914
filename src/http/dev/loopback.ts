// Whether a request was made on this machine. A page of another site can reach a local server, but not under a local
// name (DNS rebinding), and a tunnel states the address of its client.

const localNames = ['localhost', '127.0.0.1', '[::1]']
const localAddress = /^(127\.\d+\.\d+\.\d+|::1|::ffff:127\.\d+\.\d+\.\d+)$/
/** What proxies and tunnels add. */
const forwarding = ['forwarded', 'x-forwarded-for', 'x-forwarded-host', 'x-real-ip', 'cf-ray']

export function isFromThisMachine({ url, headers }: Pick<Request, 'url' | 'headers'>): boolean {
  const names = [new URL(url).hostname, hostOf(headers.get('host'))]
  if (names.some((name) => name !== null && !localNames.includes(name))) return false
  if (forwarding.some((name) => headers.has(name))) return false
  const client = headers.get('cf-connecting-ip')
  return client === null || localAddress.test(client)
}

/** Without the port; null where there is no header. */
function hostOf(host: string | null): string | null {
  if (host === null) return null
  return URL.canParse(`http://${host}`) ? new URL(`http://${host}`).hostname : host
}
