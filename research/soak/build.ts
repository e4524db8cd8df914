// Bundles the real source for workerd. Two kinds of patch are applied as it is loaded: the isolate of
// src/index.ts can be replaced, and a run may contain one mutant.
import { readFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { build } from 'esbuild'
import { createPatcher, type Patch } from '../../test/simulation/patching.ts'

export const root = join(import.meta.dirname, '..', '..')

const replaceableIsolate: Patch[] = [
  {
    file: 'src/index.ts',
    find: 'const isolate = createIsolate(config, systemClock)\nconst handle = createFetchHandler(isolate)\n',
    put:
      'let isolate = createIsolate(config, systemClock)\nlet handle = createFetchHandler(isolate)\n' +
      'export function replaceIsolate() {\n' +
      '  isolate = createIsolate(config, systemClock)\n  handle = createFetchHandler(isolate)\n}\n',
  },
]

/** @returns the path of the bundle. */
export async function bundle(folder: string, patches: readonly Patch[] = []): Promise<string> {
  const outfile = join(folder, 'worker.js')
  const patcher = createPatcher('soak', [...replaceableIsolate, ...patches])
  await build({
    entryPoints: [join(import.meta.dirname, 'worker.ts')],
    outfile,
    bundle: true,
    format: 'esm',
    target: 'es2024',
    conditions: ['workerd', 'worker', 'browser'],
    external: ['cloudflare:*', 'node:*'],
    plugins: [
      {
        name: 'patches',
        setup({ onLoad }) {
          onLoad({ filter: /[/\\]src[/\\].*\.ts$/ }, ({ path }) => {
            const file = relative(root, path)
            if (!patcher.hasPatches(file)) return undefined
            const contents = patcher.patch(file, readFileSync(path, 'utf8'))
            return { contents, loader: 'ts' as const }
          })
        },
      },
    ],
  })
  patcher.assertApplied()
  return outfile
}
