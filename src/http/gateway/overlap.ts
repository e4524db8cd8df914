// Refuses, while the Worker starts, routes of the gateway that a path of ours would hide.
import type { Config } from '../../core/config.ts'
import { fail } from '../../core/config-error.ts'
import { gatewayPaths, ownPaths } from '../paths.ts'

/**
 * Checks `gateway.base` and the routes of the gateway's policy. A policy for forward auth alone has no such limits: its
 * paths are those of another server.
 * @throws Error whose message names the setting and the path of ours.
 */
export function checkGatewayPaths({
  gateway,
  policies,
}: Pick<Config, 'gateway' | 'policies'>): void {
  const { base, policy } = gateway
  const around = ownPaths.find((own) => overlaps(own, base))
  if (around !== undefined) fail(`gateway.base is "${base}", which is Latchkey's own: ${around}`)
  for (const { method, path } of policies[policy]?.routes ?? []) {
    const route = `policies.${policy}: "${method} ${path}"`
    const own = ownPaths.find((each) => overlaps(each, path))
    if (own !== undefined) fail(`${route} overlaps ${own}, which is Latchkey's own`)
    if (!overlaps(gatewayPaths(gateway), path)) {
      // One for forward auth alone belongs into a policy of its own.
      fail(`${route} is not under gateway.base "${base}", so that no request would reach it`)
    }
  }
}

/** Whether a path exists that both patterns match. `{name}` is any segment; `/*` ends `tree`. */
function overlaps(tree: string, pattern: string): boolean {
  const isTree = tree.endsWith('/*')
  const segments = pattern.split('/')
  const parts = (isTree ? tree.slice(0, -2) : tree).split('/')
  if (isTree ? segments.length < parts.length : segments.length !== parts.length) return false
  return parts.every((part, at) => part === segments[at] || segments[at]?.startsWith('{'))
}
