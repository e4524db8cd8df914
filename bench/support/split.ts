// The Worker bundled with code splitting: the modules evaluated at startup, and those imported later.
import { mkdirSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs'
import { basename, join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { build } from 'esbuild'
import { root, workFolder } from './places.ts'

export type Split = {
  folder: string
  entry: string
  /** Files that startup needs, and the others, with their compressed bytes. */
  eager: Record<string, number>
  lazy: Record<string, number>
}

/** The settings of wrangler (`minify`, no kept names, its alias), but several ES modules. */
export async function split(main: string, name: string): Promise<Split> {
  const folder = join(workFolder, name)
  rmSync(folder, { recursive: true, force: true })
  mkdirSync(folder, { recursive: true })
  const { metafile } = await build({
    entryPoints: [main],
    absWorkingDir: root,
    outdir: folder,
    bundle: true,
    splitting: true,
    format: 'esm',
    target: 'es2024',
    minify: true,
    metafile: true,
    alias: { zod: join(root, 'src', 'http', 'zod', 'index.ts') },
    conditions: ['workerd', 'worker', 'browser'],
    external: ['cloudflare:*', 'node:*', 'async_hooks', 'crypto', 'buffer', 'util'],
    define: { 'process.env.NODE_ENV': '"production"' },
    chunkNames: '[name]-[hash]',
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

export function compressed(path: string): number {
  return gzipSync(readFileSync(path)).length
}

export const sum = (sizes: Record<string, number>) =>
  Object.values(sizes).reduce((total, size) => total + size, 0)

export const bytesOf = (path: string) => statSync(path).size
