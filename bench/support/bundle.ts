// Workers built as Latchkey is.
import { join } from 'node:path'
import { buildWorker } from '../../scripts/build-worker.mjs'
import { type Modules, modulesIn } from '../../test/support/system/bundle.ts'
import { root, workFolder } from './places.ts'

type Choices = {
  /** Functions of code that is not minified keep their names in a profile. */
  minify?: boolean
  splitting?: boolean
}

export async function bundle(name: string, entry: string, choices: Choices = {}): Promise<Modules> {
  // The measured routes are those of the tests' configuration; the size is that of what ships.
  const config = join(root, 'test', 'support', 'latchkey.config.ts')
  const folder = join(workFolder, name)
  await buildWorker(folder, { entry, ...(name === 'latchkey' && { config }), ...choices })
  return modulesIn(folder, entry)
}
