// Where things are.
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

export const root = fileURLToPath(new URL('../..', import.meta.url)).replace(/\/$/, '')
export const benchFolder = join(root, 'bench')
/** Bundles and the states of workerd: never committed. */
export const workFolder = join(benchFolder, '.work')
export const resultsFolder = join(benchFolder, 'results')
export const imagesFolder = join(root, 'docs', 'images')
