// The folders of the benchmark.
import { join } from 'node:path'

export const root = join(import.meta.dirname, '..', '..')
export const benchFolder = join(root, 'bench')
/** Bundles and the state of workerd; not committed. */
export const workFolder = join(benchFolder, '.work')
export const resultsFolder = join(benchFolder, 'results')
export const imagesFolder = join(root, 'docs', 'images')
