// Mistakes against the list at the end of "Coherence" in the architecture.
import { forgetSettled, type Mutant, patch, swap, wait } from './mutant.ts'

const settle = 'src/coherence/settle.ts'
const change = 'src/keys/change.ts'
const lookUp = 'src/keys/look-up.ts'
const restore = 'src/coherence/restore.ts'
const fence = 'src/coherence/fence.ts'
const memory = 'src/storage/memory.ts'

export const designMutants: Mutant[] = [
  { name: 'no wait', ...patch(settle, wait, '') },
  {
    name: 'the wait counted from before the raises',
    ...patch(settle, 'from = Math.max(from, clock.now())', ''),
  },
  {
    name: 'answering at once when nothing is pending',
    ...patch(
      settle,
      '  let from = clock.now()\n',
      '  if (pending.length === 0) return []\n  let from = clock.now()\n',
    ),
  },
  {
    name: 'no fence',
    ...patch(
      lookUp,
      'requiredSeq !== null && candidate !== null && candidate.record.asOf >= requiredSeq',
      'candidate !== null',
    ),
  },
  {
    name: 'a lease counted from the answer (fence)',
    ...patch(
      lookUp,
      '{ record: candidate.record, from: requestedAt }',
      '{ record: candidate.record, from: settings.now() }',
    ),
  },
  {
    name: 'a lease counted from the answer (D1)',
    ...patch(lookUp, '{ record, from: readAt }', '{ record, from: now() }'),
  },
  {
    name: '200 without settling',
    ...patch(
      change,
      '  const regions = await settle(stores, settings, of)',
      '  const regions: string[] = []',
    ),
  },
  { name: 'asOf read in a separate statement', mistake: 'asof-apart' },
  { name: 'the counter bumped outside the batch', mistake: 'bump-apart' },
  {
    name: 'pending rows deleted before the wait',
    ...swap(settle, wait, forgetSettled),
    harmless: 'settle waits from its own read, also when nothing is pending',
  },
  {
    name: 'pending rows deleted before the raises',
    ...patch(
      settle,
      '  const acknowledged: PendingRaise[] = []\n',
      '  const acknowledged: PendingRaise[] = []\n  await changes.settled(pending)\n',
    ),
  },
  { name: 'pending rows deleted regardless of their seq', mistake: 'settled-regardless' },
  { name: 'the list of fences read outside the batch', mistake: 'fences-apart' },
  { name: 'a fence registering and reading the counter in two steps', mistake: 'register-apart' },
  {
    name: 'a fence opening at zero',
    ...patch(fence, '{ minSeq: seq, registeredSeq: seq,', '{ minSeq: 0, registeredSeq: seq,'),
  },
  {
    name: 'pruning without lifting minSeq',
    ...patch(fence, 'old.reduce((most, [, { seq }]) => Math.max(most, seq), minSeq)', 'minSeq'),
  },
  {
    name: 'a lease surviving its record (KV fills in)',
    patches: [
      {
        file: lookUp,
        find: '  // A lease starts at the request',
        put: `  const lease = leases.get(memory)?.get(digest) ?? 0
  const age = settings.now() - lease
  if (held === null && age >= 0 && age < settings.leaseMs) {
    const other = await cache.get(digest)
    if (other !== null) return { record: other.record, tier: 'cache' }
  }
  // A lease starts at the request`,
      },
      {
        file: lookUp,
        find: '    memory.keep(digest, { record: candidate.record, from: requestedAt })',
        put: '    memory.keep(digest, { record: candidate.record, from: requestedAt })\n    remember(memory, digest, requestedAt)',
      },
      {
        file: lookUp,
        find: '/** Rewrites the cache entry',
        put: `const leases = new WeakMap<Memory, Map<string, number>>()
function remember(memory: Memory, digest: string, from: number): void {
  leases.set(memory, (leases.get(memory) ?? new Map<string, number>()).set(digest, from))
}
/** Rewrites the cache entry`,
      },
    ],
  },
  {
    name: 'a lease surviving its record (an old answer arrives late)',
    patches: [
      {
        file: memory,
        find: '  return {\n    get(digest) {',
        put: '  const leases = new Map<string, number>()\n  return {\n    get(digest) {',
      },
      {
        file: memory,
        find: '      entries.set(digest, held)\n      bytes +=',
        put: '      leases.set(digest, Math.max(held.from, leases.get(digest) ?? 0))\n      entries.set(digest, { ...held, from: leases.get(digest) ?? held.from })\n      bytes +=',
      },
    ],
  },
  {
    name: 'joining an older look-up',
    patches: [
      {
        file: lookUp,
        find: "import type { Memory } from '../storage/memory.ts'\n",
        put: "import type { Memory } from '../storage/memory.ts'\nimport { within } from '../storage/unavailable.ts'\n",
      },
      {
        file: lookUp,
        find: 'export async function lookUp(',
        put: `const underway = new WeakMap<Memory, Map<string, Promise<LookUpResult>>>()
export function lookUp(stores: LookUpStores, settings: LookUpSettings, digest: string): Promise<LookUpResult> {
  const mine = underway.get(stores.memory) ?? new Map<string, Promise<LookUpResult>>()
  underway.set(stores.memory, mine)
  const joined = mine.get(digest)
  const alone = () => lookUpAlone(stores, settings, digest)
  if (joined !== undefined) return within('look-up', 4_000, joined).catch(alone)
  const found = alone().finally(() => mine.delete(digest))
  mine.set(digest, found)
  return found
}
async function lookUpAlone(`,
      },
    ],
  },
  { name: 'a bulk raise that a single-key settle ignores', mistake: 'star-ignored' },
  { name: 'a plain counter across a restore', mistake: 'plain-counter' },
  {
    name: 'a restore without the reset',
    ...patch(restore, 'if (!(await fences.reset(name))) missing.push(name)', 'void name'),
  },
  {
    name: 'a restore without the wait',
    ...patch(restore, '  await sleepUntil(clock.now() + leaseMs + marginMs, clock)\n', ''),
  },
  {
    name: 'no margin with a lagging clock',
    ...patch(settle, 'defaultMarginMs = 1_000', 'defaultMarginMs = 0'),
  },
]
