// Two Latchkeys: the one that `npm start` gives, and one in workerd alone, without wrangler's proxies in
// front, which resolve dot segments and change headers on their own.
import { spawn, spawnSync } from 'node:child_process'
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { parseEnv } from 'node:util'
import { convertV4MiniflareOptions, Miniflare } from 'miniflare'
import * as wrangler from 'wrangler'
import { freePort } from '../../../scripts/free-port.ts'
import { seedDemo } from '../../../scripts/seed.ts'
import { root, stopped } from './programs.ts'

export type Latchkey = { port: number; password: string; stop(): Promise<void> }

/** `npm start`, on a port and a state of its own. */
export async function startByNpm(stateDir: string): Promise<Latchkey> {
  const port = await freePort()
  const child = spawn(process.execPath, ['scripts/start.ts'], {
    cwd: root,
    env: { ...process.env, PORT: String(port), LATCHKEY_STATE: stateDir },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  process.once('exit', () => child.kill('SIGTERM'))
  await new Promise<void>((resolve, reject) => {
    const lines = createInterface({ input: child.stdout })
    lines.on('line', (line) => line.startsWith('Latchkey is ready') && resolve())
    child.once('exit', (code) => reject(new Error(`npm start ended with ${code}.`)))
    setTimeout(() => reject(new Error('npm start took more than 120 s.')), 120_000).unref()
  })
  const password = parseEnv(readFileSync(join(root, '.dev.vars'), 'utf8')).DEMO_PASSWORD ?? ''
  return { port, password, stop: () => stopped(child) }
}

/** test/system/proxies/worker.ts, its gateway before `upstream`. */
export async function startInWorkerd(folder: string, upstream: string): Promise<Latchkey> {
  const port = await freePort()
  const { workerOptions } = wrangler.unstable_getMiniflareWorkerOptions(join(root, 'wrangler.toml'))
  const { assets: _files, modulesRules: _rules, ...options } = workerOptions
  const bindings = {
    ...(options.bindings as object),
    ...secrets,
    BASE_URL: `http://127.0.0.1:${port}`,
  }
  const worker = {
    ...options,
    bindings,
    rootPath: folder,
    modules: true as const,
    scriptPath: bundle(folder, upstream),
    unsafeDirectSockets: [{ host: '127.0.0.1', port }],
  }
  const miniflare = new Miniflare(convertV4MiniflareOptions({ workers: [worker] } as never))
  await miniflare.ready
  const db = await miniflare.getD1Database('DB')
  const crm = await miniflare.getD1Database('CRM_DB')
  await migrate(db, join(root, 'migrations'))
  await migrate(crm, join(root, 'examples', 'crm', 'migrations'))
  const password = 'a-password-of-this-test'
  await seedDemo({ db, crm, password, now: Date.now() } as never)
  return { port, password, stop: () => miniflare.dispose() }
}

const secrets = {
  TAG_SECRETS: 'proxies-tag-secret',
  AUTH_SECRETS: 'proxies-auth-secret-of-32-characters-or-more',
  SETUP_TOKEN: 'proxies-setup-token',
  SIGN_IN_PER_MINUTE: '10000',
}

/** One file, as wrangler would deploy it. */
function bundle(folder: string, upstream: string): string {
  mkdirSync(folder, { recursive: true })
  const { compatibility_date } = wrangler.unstable_readConfig({
    config: join(root, 'wrangler.toml'),
  })
  const config = {
    name: 'latchkey-proxies',
    main: join(root, 'test', 'system', 'proxies', 'worker.ts'),
    compatibility_date,
    define: { UPSTREAM: JSON.stringify(upstream) },
  }
  const path = join(folder, 'wrangler.json')
  writeFileSync(path, JSON.stringify(config))
  const program = join(root, 'node_modules', 'wrangler', 'bin', 'wrangler.js')
  const args = [program, 'deploy', '--dry-run', '--outdir', folder, '--config', path]
  const env = { ...process.env, WRANGLER_SEND_METRICS: 'false', WRANGLER_LOG_PATH: folder }
  const { status, stderr } = spawnSync(process.execPath, args, { cwd: root, env, timeout: 120_000 })
  if (status !== 0) throw new Error(`The bundle failed: ${stderr}`)
  return join(folder, 'worker.js')
}

type Database = Awaited<ReturnType<Miniflare['getD1Database']>>

async function migrate(db: Database, folder: string): Promise<void> {
  for (const file of readdirSync(folder).sort()) {
    if (!file.endsWith('.sql')) continue
    const statements = wrangler.unstable_splitSqlQuery(readFileSync(join(folder, file), 'utf8'))
    await db.batch(statements.map((sql) => db.prepare(sql)))
  }
}
