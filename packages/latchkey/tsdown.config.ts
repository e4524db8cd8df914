import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { defineConfig, type Rolldown } from 'tsdown'

/** The licences of what is bundled, which ask to come with every copy. */
const licences: Rolldown.Plugin = {
  name: 'licences',
  generateBundle(_, bundle) {
    const modules = Object.values(bundle).flatMap((each) =>
      each.type === 'chunk' ? each.moduleIds : [],
    )
    const folders = modules.flatMap(
      (id) => /^.*\/node_modules\/(?:@[^/]+\/)?[^/]+/.exec(id.replaceAll('\\', '/')) ?? [],
    )
    const source = [...new Set(folders)].sort().map(licenceOf).join('\n---\n\n')
    this.emitFile({ type: 'asset', fileName: 'LICENCES.txt', source })
  },
}

/** The text of a package; of one that brings none, what it says of itself. */
function licenceOf(folder: string): string {
  const manifest = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'))
  const { name, version, license, author, homepage, repository } = manifest
  const file = readdirSync(folder).find((each) => /^licen[cs]e/i.test(each))
  const text =
    file === undefined
      ? [license, author?.name ?? author, repository?.url ?? homepage].filter(Boolean).join('\n')
      : readFileSync(join(folder, file), 'utf8').trim()
  return `${name} ${version}\n\n${text}\n`
}

export default defineConfig([
  {
    entry: ['index', 'hono', 'express', 'fastify', 'next', 'web'].map((name) => `src/${name}.ts`),
    format: ['esm', 'cjs'],
    platform: 'neutral',
    target: 'es2022',
    dts: true,
  },
  {
    // A program for Node, in a folder of its own: it shares no chunk with the library. Everything that it imports is bundled,
    // so that installing the package adds one package.
    entry: { latchkey: 'src/cli/main.ts' },
    outDir: 'dist/cli',
    format: 'esm',
    platform: 'node',
    target: 'node20',
    dts: false,
    fixedExtension: false,
    deps: { alwaysBundle: [/.*/] },
    plugins: [licences],
  },
])
