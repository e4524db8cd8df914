// Workers bundled and minified by wrangler, as `wrangler deploy` uploads them.
import { join } from 'node:path'
import { bundle as bundleWorker } from '../../test/support/system/bundle.ts'
import { workFolder } from './places.ts'

/** The one file of the Worker; not minified, its functions keep their names in a profile. */
export function bundle(name: string, main: string, minify = true): string {
  // The measured routes are those of the tests' configuration; the size is that of what ships.
  const shipped = name !== 'latchkey'
  const config = { name, main, minify, keep_names: false }
  return bundleWorker({ folder: join(workFolder, name), shipped, config })
}
