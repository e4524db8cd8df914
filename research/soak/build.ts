// One file for workerd out of the real source. Two texts are replaced as it is loaded: the isolate of
// src/index.ts can be made anew, and, on demand, a mistake is made. A text that is not there is an error.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { build } from 'esbuild'

export const root = join(import.meta.dirname, '..', '..')

export type Patch = { file: string; find: string; put: string }

const recycling: Patch[] = [
  {
    file: 'src/index.ts',
    find: 'const isolate = createIsolate(config, systemClock)\nconst app = createApp(isolate)\n',
    put:
      'let isolate = createIsolate(config, systemClock)\nlet app = createApp(isolate)\n' +
      'export function recycle() {\n' +
      '  isolate = createIsolate(config, systemClock)\n  app = createApp(isolate)\n}\n',
  },
]

/** @returns the path of the built file. */
export async function bundle(folder: string, mistake: readonly Patch[] = []): Promise<string> {
  const outfile = join(folder, 'worker.js')
  const patches = [...recycling, ...mistake]
  const applied = new Set<Patch>()
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
            const here = patches.filter(({ file }) => path === join(root, file))
            if (here.length === 0) return undefined
            for (const patch of here) applied.add(patch)
            const contents = here.reduce(apply, readFileSync(path, 'utf8'))
            return { contents, loader: 'ts' as const }
          })
        },
      },
    ],
  })
  const missed = patches.find((patch) => !applied.has(patch))
  if (missed) throw new Error(`${missed.file} is not part of the Worker.`)
  return outfile
}

function apply(source: string, { file, find, put }: Patch): string {
  const parts = source.split(find)
  if (parts.length !== 2) throw new Error(`${file} has ${parts.length - 1} times: ${find}`)
  return parts.join(put)
}
