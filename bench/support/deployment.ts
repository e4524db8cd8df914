// Every Worker of the benchmark in one workerd, each on a socket of its own: without a proxy, and with one process
// whose CPU time covers them all.
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { convertV4MiniflareOptions, Miniflare } from 'miniflare'
import { freePort } from '../../scripts/free-port.ts'
import { compatibilityDate } from '../../test/support/system/bundle.ts'
import { migrate, seed } from '../../test/support/system/migrate.ts'
import { workerOptions } from '../../test/support/system/worker-options.ts'
import { bundle } from './bundle.ts'
import { benchFolder, workFolder } from './places.ts'
import { ownWorkerds } from './process.ts'
import { startUpstream, type Upstream } from './upstream.ts'

export type Deployment = {
  /** Origin of a Worker, or of one of its entrypoints: `latchkey`, `latchkey/FirstUse`. */
  at(socket: string): string
  has(socket: string): boolean
  /** null where the system does not tell. */
  pid: number | null
  miniflare: Miniflare
  password: string
  stop(): Promise<void>
}

export const latchkeyEntrypoints = [
  'Gateway',
  'ViewOver',
  'FirstUse',
  'CacheEmpty',
  'Counted',
] as const

const password = 'a-password-of-this-bench'

let isMinified = true

/** In memory: the disk of this machine would dominate peers that write on each verification. */
const memoryFolder = existsSync('/dev/shm') ? '/dev/shm' : tmpdir()

type Worker = Record<string, unknown> & { name: string }

type Opening = {
  /** Port of workerd's inspector. */
  inspectorPort?: number
}

export async function startDeployment({ inspectorPort }: Opening = {}): Promise<Deployment> {
  isMinified = inspectorPort === undefined
  const state = mkdtempSync(join(memoryFolder, 'latchkey-bench-'))
  const ports = new Map<string, number>()
  const sockets = async (worker: string, entrypoints: readonly string[] = []) => {
    const names = [worker, ...entrypoints.map((entrypoint) => `${worker}/${entrypoint}`)]
    for (const name of names) ports.set(name, await freePort())
    return names.map((name) => {
      const entrypoint = name.split('/')[1]
      const port = ports.get(name) as number
      return { host: '127.0.0.1', port, ...(entrypoint !== undefined && { entrypoint }) }
    })
  }
  const upstream = await startUpstream()
  const workers = [
    await bareWorker(sockets, upstream),
    await latchkeyWorker(sockets, ports, upstream),
    await guardedWorker(sockets),
    await byHandWorker(sockets),
    ...(hasPeers() ? await betterAuthWorkers(sockets) : []),
  ]
  const before = ownWorkerds()
  const stores = { d1Persist: state, kvPersist: state, durableObjectsPersist: state }
  const options = { workers, ...stores, inspectorPort }
  const miniflare = new Miniflare(convertV4MiniflareOptions(options as never))
  await miniflare.ready
  const pid = ownWorkerds().find((each) => !before.includes(each)) ?? null
  await migrate(miniflare, { worker: 'latchkey' })
  await seed(miniflare, password, 'latchkey')
  const at = (socket: string) => `http://127.0.0.1:${ports.get(socket)}`
  const has = (socket: string) => ports.has(socket)
  const stop = async () => {
    await miniflare.dispose()
    upstream.stop()
    rmSync(state, { recursive: true, force: true })
  }
  return { at, has, pid, miniflare, password, stop }
}

type Sockets = (worker: string, entrypoints?: readonly string[]) => Promise<object[]>

async function base(name: string, file: string): Promise<Worker> {
  return {
    name,
    ...(await bundle(name, join(benchFolder, 'workers', file), { minify: isMinified })),
    rootPath: workFolder,
    compatibilityDate: compatibilityDate(),
  }
}

async function bareWorker(sockets: Sockets, { origin }: Upstream): Promise<Worker> {
  return {
    ...(await base('bare', 'bare.ts')),
    bindings: { UPSTREAM: origin },
    kvNamespaces: { KEY_CACHE: 'bare' },
    durableObjects: { BAR: { className: 'FenceLike', useSQLite: true } },
    unsafeDirectSockets: await sockets('bare', ['Steps']),
  }
}

async function latchkeyWorker(
  sockets: Sockets,
  ports: Map<string, number>,
  { origin }: Upstream,
): Promise<Worker> {
  const unsafeDirectSockets = await sockets('latchkey', latchkeyEntrypoints)
  const BASE_URL = `http://127.0.0.1:${ports.get('latchkey')}`
  const options = workerOptions({ LOG_SAMPLE: '0', BASE_URL, UPSTREAM: origin })
  const { bindings } = options
  return { ...options, ...(await base('latchkey', 'latchkey.ts')), bindings, unsafeDirectSockets }
}

async function guardedWorker(sockets: Sockets): Promise<Worker> {
  return {
    ...(await base('guarded', 'guarded.ts')),
    serviceBindings: { LATCHKEY: 'latchkey', ECHO: { name: 'bare', entrypoint: 'Echo' } },
    unsafeDirectSockets: await sockets('guarded'),
  }
}

async function byHandWorker(sockets: Sockets): Promise<Worker> {
  return {
    ...(await base('by-hand', 'by-hand.ts')),
    d1Databases: { DB: 'by-hand' },
    kvNamespaces: { KEYS: 'by-hand' },
    unsafeDirectSockets: await sockets('by-hand'),
  }
}

/** Whether the packages of bench/package.json are installed. */
function hasPeers(): boolean {
  return existsSync(join(benchFolder, 'node_modules', 'better-auth'))
}

/** The documented setups: D1, D1 with KV in front, and D1 with deferred writes. */
async function betterAuthWorkers(sockets: Sockets): Promise<Worker[]> {
  const modes = ['d1', 'kv', 'd1-deferred']
  const file = await base('better-auth', 'better-auth.ts')
  return Promise.all(
    modes.map(async (MODE) => ({
      ...file,
      name: `better-auth-${MODE}`,
      bindings: { MODE },
      d1Databases: { DB: `better-auth-${MODE}` },
      ...(MODE === 'kv' && { kvNamespaces: { KV: 'better-auth-kv' } }),
      unsafeDirectSockets: await sockets(`better-auth-${MODE}`),
    })),
  )
}
