// fast-check with the seed of the run: a suite meets the same cases each time, so that only a change turns it red.
// SEED=… meets others, SEED=random new ones each time.
import fc from 'fast-check'
import { inject } from 'vitest'

fc.configureGlobal({ seed: inject('seed') })

export default fc
