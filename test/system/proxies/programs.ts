// nginx, Caddy and HAProxy: installed if absent, run on loopback with the configuration of examples/.
import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { freePort } from '../../../scripts/free-port.ts'
import { aptInstall } from '../../support/system/apt.ts'
import { untilListening } from '../../support/system/until.ts'

export const root = fileURLToPath(new URL('../../..', import.meta.url))

/** Installs missing programs from Debian's packages; returns those still missing. */
export function ensurePrograms(): string[] {
  const absent = () => ['nginx', 'caddy', 'haproxy'].filter((name) => !isInstalled(name))
  aptInstall(absent(), () => absent().length === 0)
  return absent()
}

function isInstalled(name: string): boolean {
  try {
    execFileSync('sh', ['-c', `command -v ${name}`], { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
}

export type Program = { port: number; stop(): Promise<void> }

type Ports = { latchkey: number; api: number }

/** nginx with the configuration of examples/nginx, its ports replaced. */
export async function startNginx(folder: string, { latchkey, api }: Ports): Promise<Program> {
  const port = await freePort()
  const source = join(root, 'examples', 'nginx')
  mkdirSync(folder, { recursive: true })
  for (const file of ['latchkey-server.conf', 'latchkey-protect.conf']) {
    copyFileSync(join(source, file), join(folder, file))
  }
  const kinds = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']
  const places = kinds.map((kind) => `${kind}_temp_path ${folder}/${kind};`).join(' ')
  const conf = readFileSync(join(source, 'nginx.conf'), 'utf8')
    .replaceAll('127.0.0.1:8787', `127.0.0.1:${latchkey}`)
    .replace('listen 8080', `listen 127.0.0.1:${port}`)
    .replaceAll('127.0.0.1:3000', `127.0.0.1:${api}`)
    .replace('http {', `http { access_log off; ${places}`)
  writeFileSync(join(folder, 'nginx.conf'), conf)
  const more = `daemon off; pid ${folder}/nginx.pid; error_log ${folder}/error.log;`
  const args = ['-p', folder, '-c', join(folder, 'nginx.conf'), '-g', more]
  return running(spawn('nginx', args, { stdio: 'inherit' }), port)
}

/** Caddy with the configuration of examples/caddy, its ports replaced. */
export async function startCaddy(folder: string, { latchkey, api }: Ports): Promise<Program> {
  const port = await freePort()
  mkdirSync(folder, { recursive: true })
  const caddyfile = readFileSync(join(root, 'examples', 'caddy', 'Caddyfile'), 'utf8')
    .replace(':8080', `http://127.0.0.1:${port}`)
    .replaceAll('127.0.0.1:8787', `127.0.0.1:${latchkey}`)
    .replaceAll('127.0.0.1:3000', `127.0.0.1:${api}`)
  const options = '{\n\tadmin off\n\tdefault_bind 127.0.0.1\n}\n'
  const path = join(folder, 'Caddyfile')
  writeFileSync(path, options + caddyfile)
  const env = { ...process.env, XDG_DATA_HOME: folder, XDG_CONFIG_HOME: folder }
  const args = ['run', '--config', path, '--adapter', 'caddyfile']
  return running(spawn('caddy', args, { stdio: 'ignore', env }), port)
}

/** HAProxy with the configuration of examples/haproxy, its ports replaced. */
export async function startHaproxy(folder: string, { latchkey, api }: Ports): Promise<Program> {
  const port = await freePort()
  const source = join(root, 'examples', 'haproxy')
  mkdirSync(folder, { recursive: true })
  copyFileSync(join(source, 'latchkey.lua'), join(folder, 'latchkey.lua'))
  const config = readFileSync(join(source, 'haproxy.cfg'), 'utf8')
    .replaceAll('127.0.0.1:8787', `127.0.0.1:${latchkey}`)
    .replace('bind :8080', `bind 127.0.0.1:${port}`)
    .replaceAll('127.0.0.1:3000', `127.0.0.1:${api}`)
    // Names of abstract sockets are those of the machine.
    .replaceAll('abns@latchkey', `abns@latchkey-${port}`)
  writeFileSync(join(folder, 'haproxy.cfg'), config)
  return running(
    spawn('haproxy', ['-db', '-q', '-f', 'haproxy.cfg'], { cwd: folder, stdio: 'inherit' }),
    port,
  )
}

async function running(child: ChildProcess, port: number): Promise<Program> {
  const stop = () => stopped(child)
  process.once('exit', () => child.kill('SIGKILL'))
  await untilListening(port, child)
  return { port, stop }
}

export async function stopped(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const exit = once(child, 'exit')
  child.kill('SIGTERM')
  const killTimer = setTimeout(() => child.kill('SIGKILL'), 10_000)
  await exit
  clearTimeout(killTimer)
}
