// @ts-check
// Builds the Worker into modules: those that every isolate evaluates, and those that it loads when they are needed. The
// command of `[build]` in wrangler.toml: it runs on any Node of the machine, so it is JavaScript.
//   WORKER_FOLDER: where to write it instead of dist/worker (absolute).
//   LATCHKEY_CONFIG: the configuration to build in instead of latchkey.config.ts.
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { basename, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'

const root = join(fileURLToPath(import.meta.url), '..', '..')

const types = "export { default } from '../../src/index.ts'\nexport * from '../../src/index.ts'\n"

/**
 * @typedef {object} Choices
 * @property {string} [entry] absolute; src/index.ts by default
 * @property {string} [config] the absolute path of a configuration instead of latchkey.config.ts
 * @property {boolean} [minify]
 * @property {boolean} [splitting] false: one module
 * @property {Record<string, string>} [define] expressions by the name that they replace
 */

/**
 * Writes the modules, `[entry].js` among them, and deletes those of the build before.
 * @param {string} folder absolute
 * @param {Choices} [choices]
 * @returns esbuild's description of what it wrote.
 */
export async function buildWorker(
  folder,
  { entry = join(root, 'src', 'index.ts'), config, minify = true, splitting = true, define } = {},
) {
  const { metafile, outputFiles } = await build({
    entryPoints: [entry],
    absWorkingDir: root,
    outdir: folder,
    chunkNames: '[name]-[hash]',
    bundle: true,
    splitting,
    format: 'esm',
    target: 'es2024',
    minify,
    sourcemap: true,
    metafile: true,
    write: false,
    conditions: ['workerd', 'worker', 'browser'],
    external: ['cloudflare:*', 'node:*'],
    alias: {
      // Without 62 languages of error texts.
      zod: join(root, 'src', 'http', 'zod', 'index.ts'),
      ...(config !== undefined && { '#config': config }),
    },
    // `test` would disable Better Auth's check of the origin.
    define: { 'process.env.NODE_ENV': '"production"', ...define },
    logLevel: 'warning',
  })
  mkdirSync(folder, { recursive: true })
  const present = new Set(readdirSync(folder))
  for (const { path, contents } of outputFiles) {
    // A file that is as it was is not written: a running server would reload it, perhaps half written.
    const isSame = present.delete(basename(path)) && readFileSync(path).equals(contents)
    if (!isSame) writeFileSync(path, contents)
  }
  for (const file of present) {
    if (/\.js(\.map)?$/.test(file)) rmSync(join(folder, file))
  }
  return metafile
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { WORKER_FOLDER, LATCHKEY_CONFIG } = process.env
  const folder = resolve(root, WORKER_FOLDER || join('dist', 'worker'))
  await buildWorker(folder, LATCHKEY_CONFIG ? { config: resolve(root, LATCHKEY_CONFIG) } : {})
  // For worker-configuration.d.ts, in which `wrangler types` names the built module.
  if (!WORKER_FOLDER) writeFileSync(join(folder, 'index.d.ts'), types)
}
