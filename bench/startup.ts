// `npx node bench/startup.ts`: the size of the Worker, the time to its first answer compared with a bare Hono Worker,
// and the later cost of the parts that are loaded on demand.
import { execFileSync } from 'node:child_process'
import { copyFileSync, mkdirSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { freePort } from '../scripts/free-port.ts'
import { type Modules, modulesIn } from '../test/support/system/bundle.ts'
import type { StartupResults } from './page/results.ts'
import { writePage } from './page.ts'
import { bundle } from './support/bundle.ts'
import { describeMachine } from './support/machine.ts'
import { benchFolder, resultsFolder, root, workFolder } from './support/places.ts'
import { type Call, start } from './support/raw-workerd.ts'
import { compressed, split, sum } from './support/split.ts'
import { median } from './support/statistics.ts'

const runs = process.argv.includes('--quick') ? 5 : 21
const forged = { 'x-api-key': `whm_${'0'.repeat(32)}` }
const me: Call = { method: 'GET', path: '/api/v1/me', headers: forged }

const bare = await bundle('bare', join(benchFolder, 'workers', 'bare.ts'))
const parts = await split(join(root, 'src', 'index.ts'), 'latchkey-split')
const latchkey = modulesIn(parts.folder)
const oneFile = await bundle('latchkey-one-file', join(root, 'src', 'index.ts'), {
  splitting: false,
})
const bareMe: Call = { method: 'GET', path: '/me' }
const isEager = ({ path }: Modules['modules'][number]) => basename(path) in parts.eager
const later = latchkey.modules.filter((module) => !isEager(module))
const programs: [string, Modules, Call][] = [
  ['bare Hono', bare, bareMe],
  [
    'bare Hono, with what Latchkey loads on demand as modules that nothing imports',
    withModules(bare, later),
    bareMe,
  ],
  [
    'Latchkey without what it loads on demand',
    { ...latchkey, modules: latchkey.modules.filter(isEager) },
    me,
  ],
  ['Latchkey', latchkey, me],
  ['Latchkey in one file', oneFile, me],
]
const firsts = new Map<string, number[]>(programs.map(([name]) => [name, []]))
for (let run = 0; run < runs; run++) {
  for (const [name, program, call] of programs) {
    const { first } = await start(program, await freePort(), call, call)
    firsts.get(name)?.push(first)
  }
}
const bareMs = median(firsts.get('bare Hono') ?? [])

const results: StartupResults = {
  machine: describeMachine(),
  runs,
  upload: uploadSize(),
  bytes: {
    bare: compressed(bare.modules[0]?.path ?? ''),
    eager: sum(parts.eager),
    lazy: parts.lazy,
  },
  starts: [...firsts].map(([name, all]) => ({
    name,
    firstMs: median(all),
    ratio: median(all) / bareMs,
  })),
  lazy: await lazyCosts(),
}
console.log(`upload ${results.upload.total}, gzip ${results.upload.gzip}`)
console.log(results.bytes)
console.table(results.starts)
console.table(results.lazy)
mkdirSync(resultsFolder, { recursive: true })
writeFileSync(join(resultsFolder, 'startup.json'), `${JSON.stringify(results, null, 2)}\n`)
writePage()

/** workerd compiles every module of a Worker when it starts it, imported or not. */
function withModules(program: Modules, others: Modules['modules']): Modules {
  const folder = join(workFolder, 'bare-and-others')
  mkdirSync(folder, { recursive: true })
  const modules = [...program.modules, ...others].map(({ type, path }) => {
    const copy = join(folder, basename(path))
    copyFileSync(path, copy)
    return { type, path: copy }
  })
  return { modulesRoot: folder, modules }
}

/** The cost of the first request of a kind and of a later one; none of them queries a store. */
async function lazyCosts(): Promise<StartupResults['lazy']> {
  const json = { 'content-type': 'application/json', ...forged }
  const kinds: [string, Call][] = [
    ['nothing (GET /api/v1/me)', me],
    ['keys/verify', { method: 'POST', path: '/api/v1/keys/verify', headers: json, body: '{}' }],
    ['management', { method: 'GET', path: '/api/api-keys', headers: forged }],
    ['documents', { method: 'GET', path: '/openapi.json' }],
    ['people (Better Auth)', { method: 'GET', path: '/api/auth/ok' }],
  ]
  const costs: StartupResults['lazy'] = []
  for (const [name, call] of kinds) {
    const first: number[] = []
    const again: number[] = []
    for (let run = 0; run < Math.ceil(runs / 3); run++) {
      const port = await freePort()
      const { next } = await start(latchkey, port, me, call)
      first.push(next)
      again.push((await start(latchkey, port, call, call)).next)
    }
    costs.push({ name, ms: median(first), againMs: median(again) })
  }
  return costs
}

function uploadSize(): StartupResults['upload'] {
  const program = join(root, 'node_modules', 'wrangler', 'bin', 'wrangler.js')
  const secrets = { TAG_SECRETS: 'x', AUTH_SECRETS: 'x', SETUP_TOKEN: 'x' }
  const env = { ...process.env, ...secrets, WRANGLER_SEND_METRICS: 'false' }
  const args = [program, 'deploy', '--dry-run']
  const output = execFileSync(process.execPath, args, { cwd: root, env, encoding: 'utf8' })
  const [, total = '?', gzip = '?'] = /Total Upload: (.*?) \/ gzip: (.*)/.exec(output) ?? []
  return { total, gzip }
}
