// biome.layers.json: rules for Biome by which a module imports only from layers below its own.
import { dirname, relative } from 'node:path'

/** The modules of src/, lowest layer first. Modules that share a layer do not import each other. */
export const layers = [
  ['src/contract'],
  ['src/core'],
  ['src/log.ts'],
  ['src/storage'],
  ['src/coherence', 'src/limits', 'src/usage', 'src/outbox'],
  ['src/webhooks', 'src/identity', 'src/keys'],
  ['src/http/zod'],
  ['src/http/paths.ts', 'src/http/report.ts'],
  ['src/http/services.ts'],
  ['src/http/app-env.ts'],
  ['src/http/response'],
  ['src/http/routing'],
  ['src/http/auth'],
  ['src/http/verify', 'src/http/gateway'],
  ['src/http/management/keys'],
  ['src/http/management/explain'],
  ['src/http/management/webhooks'],
  ['src/http/management/people'],
  ['src/http/management/accounts', 'src/http/management/usage', 'src/http/management/status'],
  ['src/http/management/portal'],
  ['src/http/management/routes.ts'],
  ['src/http/revocation', 'src/http/status'],
  ['src/http/openapi', 'src/http/dev'],
  ['src/http/gate.ts'],
  ['src/http/app.ts'],
  ['src/worker'],
  ['src/index.ts'],
]

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
  const message = `${module} may import only from layers below it: see scripts/generate/layers.ts.`
  const options = { patterns: [{ group: forbiddenSpecifiers(module, layer), message }] }
  const rules = { style: { noRestrictedImports: { level: 'error', options } } }
  return { includes: [globOf(module)], linter: { rules } }
}

export function renderLayers(): string {
  const overrides = layers.flatMap((modules, layer) => modules.map((each) => ruleOf(each, layer)))
  return `${JSON.stringify({ overrides }, null, 1)}\n`
}
