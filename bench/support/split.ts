// The Worker bundled with code splitting: the modules evaluated at startup, and those imported later.
import { readdirSync, readFileSync } from 'node:fs'
import { basename, join, resolve } from 'node:path'
import { gzipSync } from 'node:zlib'
import { buildWorker } from '../../scripts/build-worker.mjs'
import { root, workFolder } from './places.ts'

export type Split = {
  folder: string
  entry: string
  /** Files that startup needs, and the others, with their compressed bytes. */
  eager: Record<string, number>
  lazy: Record<string, number>
}

/** @param config in place of latchkey.config.ts; paths are from the repository. */
export async function split(main: string, name: string, config?: string): Promise<Split> {
  const folder = join(workFolder, name)
  const metafile = await buildWorker(folder, {
    entry: resolve(root, main),
    ...(config !== undefined && { config: resolve(root, config) }),
  })
  const entry = basename(main).replace(/\.ts$/, '.js')
  const outputs = new Map(Object.entries(metafile.outputs).map(([at, o]) => [basename(at), o]))
  const eager = new Set<string>()
  const follow = (file: string) => {
    if (eager.has(file)) return
    eager.add(file)
    for (const { path, kind } of outputs.get(file)?.imports ?? []) {
      if (kind === 'import-statement' && outputs.has(basename(path))) follow(basename(path))
    }
  }
  follow(entry)
  const files = readdirSync(folder).filter((file) => file.endsWith('.js'))
  const sizes = (keep: (file: string) => boolean) =>
    Object.fromEntries(files.filter(keep).map((file) => [file, compressed(join(folder, file))]))
  return { folder, entry, eager: sizes((f) => eager.has(f)), lazy: sizes((f) => !eager.has(f)) }
}

/** Without the comment that names its source map. */
export function compressed(path: string): number {
  return gzipSync(readFileSync(path, 'utf8').replace(/^\/\/# sourceMappingURL=.*\n?/m, '')).length
}

export const sum = (sizes: Record<string, number>) =>
  Object.values(sizes).reduce((total, size) => total + size, 0)
