// Changes that no verdict depends on: the simulation must not report them.
import { type Mutant, patch } from './mutant.ts'

const change = 'src/keys/change.ts'
const memory = 'src/storage/memory.ts'

export const harmlessMutants: Mutant[] = [
  {
    name: 'no purge',
    harmless: 'the purge saves a cache miss and decides nothing',
    patches: [
      {
        file: change,
        find: '  for (const digest of digests) stores.memory.forget(digest)\n',
        put: '',
      },
      {
        file: change,
        find: '    for (const digest of committed.digests) stores.memory.forget(digest)\n',
        put: '',
      },
      {
        file: change,
        find: 'digests.map((digest) => stores.cache.purge(digest))',
        put: '[] as Promise<void>[]',
      },
    ],
  },
  {
    name: 'memory replacing newer by older',
    harmless: 'what D1 answered stands for a lease, and all else is judged by the view',
    ...patch(memory, 'if (present !== undefined && isNewer(present, held)) return', ''),
  },
]
