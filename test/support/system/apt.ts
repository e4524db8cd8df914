// Programs of Debian that tests need, installed when absent.
import { spawnSync } from 'node:child_process'

const timeoutMs = 300_000

/**
 * Installs packages unless `isInstalled`. Test files run side by side: one installs, the others wait for it and find the
 * program. Without effect where there is no apt-get, or no right to use it.
 */
export function aptInstall(packages: readonly string[], isInstalled: () => boolean): void {
  if (isInstalled() || spawnSync('which', ['apt-get', 'flock']).status !== 0) return
  console.log(`Installing ${packages.join(' and ')} by apt, once.`)
  const install = `apt-get update -qq && apt-get install -y -qq --no-install-recommends ${packages.join(' ')}`
  // flock (util-linux), since apt-get does not wait for another apt-get. An installed package is left as it is.
  spawnSync('flock', ['/tmp/latchkey-test-apt.lock', 'sh', '-c', install], {
    stdio: 'ignore',
    timeout: timeoutMs,
    env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
  })
}
