// The layers of src/, lowest first: a module imports only from layers below its own, and modules that share a layer
// do not import each other. This writes them as rules for Biome; `--check` applies the rules.
import { spawnSync } from 'node:child_process'
import { globSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, relative } from 'node:path'

const layers = [
  ['src/contract'],
  ['src/core'],
  ['src/storage'],
  ['src/coherence', 'src/limits', 'src/usage'],
  ['src/webhooks', 'src/identity', 'src/keys'],
  ['src/http/paths.ts', 'src/http/report.ts'],
  ['src/http/services.ts'],
  ['src/http/app-env.ts'],
  ['src/http/response'],
  ['src/http/routing'],
  ['src/http/auth'],
  ['src/http/verify', 'src/http/gateway'],
  ['src/http/management/keys'],
  ['src/http/management/webhooks'],
  ['src/http/management/people'],
  ['src/http/management/accounts', 'src/http/management/usage', 'src/http/management/status'],
  ['src/http/management/routes.ts'],
  ['src/http/revocation', 'src/http/status'],
  ['src/http/openapi'],
  ['src/http/gate.ts'],
  ['src/http/app.ts'],
  ['src/worker'],
  ['src/index.ts'],
]

const target = 'biome.layers.json'
const isFile = (module: string) => module.endsWith('.ts')
const globOf = (module: string) => (isFile(module) ? module : `${module}/**`)

/** The specifiers, as a file of the module would write them, of everything that it may not import. */
function forbiddenSpecifiers(module: string, layer: number): string[] {
  const folder = isFile(module) ? dirname(module) : module
  const forbidden = layers
    .slice(layer)
    .flat()
    .filter((other) => other !== module)
  return forbidden.map((other) => {
    const path = globOf(relative(folder, other))
    return path.startsWith('.') ? path : `./${path}`
  })
}

function ruleOf(module: string, layer: number) {
  const message = `${module} may import only from layers below it: see scripts/layers.ts.`
  const options = { patterns: [{ group: forbiddenSpecifiers(module, layer), message }] }
  const rules = { style: { noRestrictedImports: { level: 'error', options } } }
  return { includes: [globOf(module)], linter: { rules } }
}

/** Applies the rules to each file by name, so that a pattern that matches nothing cannot pass for a check. */
function check(text: string): void {
  if (readFileSync(target, 'utf8') !== text)
    fail(`${target} is not current: node scripts/layers.ts`)
  const files = globSync('src/**/*.{ts,tsx}', { exclude: ['src/dashboard'] })
  const modules = layers.flat()
  const homeless = files.filter((file) => {
    return modules.filter((each) => file === each || file.startsWith(`${each}/`)).length !== 1
  })
  if (homeless.length > 0) fail(`In no layer, or in two: ${homeless.join(', ')}`)
  const only = ['style/noRestrictedImports', 'suspicious/noImportCycles'].map(
    (rule) => `--only=${rule}`,
  )
  const args = ['lint', '--error-on-warnings', ...only, ...files]
  const { status, stdout, stderr } = spawnSync('node_modules/.bin/biome', args, {
    encoding: 'utf8',
  })
  if (status !== 0) fail(`${stdout}${stderr}`)
  const checked = Number(/Checked (\d+) files/.exec(stdout)?.[1])
  if (checked !== files.length) fail(`Biome checked ${checked} of ${files.length} files.`)
  console.log(`Layers: ${checked} files in ${modules.length} modules, no import upward, no cycle.`)
}

function fail(message: string): never {
  console.error(message)
  process.exit(1)
}

const overrides = layers.flatMap((modules, layer) => modules.map((each) => ruleOf(each, layer)))
const text = `${JSON.stringify({ overrides }, null, 1)}\n`
if (process.argv.includes('--check')) check(text)
else writeFileSync(target, text)
