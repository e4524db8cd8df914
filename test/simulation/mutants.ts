// Mistakes that could be made in the protocol: each must be found, and those that are harmless must not.
// A patch replaces text of the real source as it is loaded; a `mistake` is made by a double, where SQL or
// the platform stands in its place.
import type { Mistake } from './mistake.ts'
import type { Patch } from './patching.ts'

export type Mutant = {
  name: string
  /** Listed at the end of "Coherence" in the architecture. */
  listed?: true
  /** Why nobody could tell the difference; absent: it must be found. */
  harmless?: string
  patches?: Patch[]
  mistake?: Mistake
}

const settle = 'src/coherence/settle.ts'
const change = 'src/keys/change.ts'
const lookUp = 'src/keys/look-up.ts'
const verify = 'src/keys/verify.ts'
const restore = 'src/coherence/restore.ts'
const fence = 'src/coherence/fence.ts'
const fences = 'src/coherence/fences.ts'
const memory = 'src/storage/memory.ts'
const keyCache = 'src/storage/key-cache.ts'

const wait = '  await sleepUntil(from + leaseMs + marginMs, clock)\n'
const forgetSettled = '  await changes.settled(acknowledged)\n'

function patch(file: string, find: string, put: string): { patches: Patch[] } {
  return { patches: [{ file, find, put }] }
}

const listed: Mutant[] = [
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
      '{ record: candidate.record, from: askedAt }',
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
  { name: 'asOf read in another statement', mistake: 'asof-apart' },
  { name: 'the bump outside the batch', mistake: 'bump-apart' },
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
        find: '  // A lease runs from the question',
        put: `  const lease = leases.get(memory)?.get(digest) ?? 0
  const age = settings.now() - lease
  if (held === null && age >= 0 && age < settings.leaseMs) {
    const other = await cache.get(digest)
    if (other !== null) return { record: other.record, tier: 'cache' }
  }
  // A lease runs from the question`,
      },
      {
        file: lookUp,
        find: '    memory.keep(digest, { record: candidate.record, from: askedAt })',
        put: '    memory.keep(digest, { record: candidate.record, from: askedAt })\n    remember(memory, digest, askedAt)',
      },
      {
        file: lookUp,
        find: '/** Writes the cache entry anew',
        put: `const leases = new WeakMap<Memory, Map<string, number>>()
function remember(memory: Memory, digest: string, from: number): void {
  leases.set(memory, (leases.get(memory) ?? new Map<string, number>()).set(digest, from))
}
/** Writes the cache entry anew`,
      },
    ],
  },
  {
    name: 'a lease surviving its record (an old answer comes home)',
    patches: [
      {
        file: memory,
        find: '  return {\n    get(digest) {',
        put: '  const leases = new Map<string, number>()\n  return {\n    get(digest) {',
      },
      {
        file: memory,
        find: '      entries.set(digest, held)\n      if (entries.size',
        put: '      leases.set(digest, Math.max(held.from, leases.get(digest) ?? 0))\n      entries.set(digest, { ...held, from: leases.get(digest) ?? held.from })\n      if (entries.size',
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
        put: `const underway = new WeakMap<Memory, Map<string, Promise<Found>>>()
export function lookUp(stores: LookUpStores, settings: LookUpSettings, digest: string): Promise<Found> {
  const mine = underway.get(stores.memory) ?? new Map<string, Promise<Found>>()
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
  { name: 'a bulk raise that a single-key settle overlooks', mistake: 'star-overlooked' },
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

const more: Mutant[] = [
  {
    name: 'retiring before forgetting',
    patches: [
      {
        file: fence,
        find: '    this.epoch++\n    this.forget()\n    if (registeredSeq === null) return\n',
        put: '    if (registeredSeq === null) return\n',
      },
      {
        file: fence,
        find: '    await this.registry.retire(registeredSeq)\n',
        put: '    await this.registry.retire(registeredSeq)\n    this.epoch++\n    this.forget()\n',
      },
    ],
  },
  {
    name: 'retiring without forgetting',
    ...patch(
      fence,
      '    this.epoch++\n    this.forget()\n    if (registeredSeq',
      '    if (registeredSeq',
    ),
  },
  { name: 'retiring whatever registration stands in D1', mistake: 'retire-regardless' },
  {
    name: 'forgetting floors but not minSeq',
    ...patch(fence, '    this.saveBase({ minSeq: null })\n', ''),
  },
  {
    name: 'a reset not voiding a registration under way',
    ...patch(fence, '      if (epoch !== this.epoch) return\n', ''),
  },
  { name: 'a fence that answers before it is durable', mistake: 'answer-before-durable' },
  {
    name: 'a late raise lowering a floor',
    ...patch(fence, 'if (seq <= (this.state.floors.get(digest)?.seq ?? 0)) continue', ''),
  },
  {
    name: 'a requiredSeq that overlooks the raise of all',
    ...patch(fence, ', floors.get(everyDigest)?.seq ?? 0)', ')'),
  },
  {
    name: 'any answer to a raise counting as held',
    ...patch(fences, '(answer) => answer === acknowledged', '() => true'),
  },
  {
    name: 'a raise that fails counting as held',
    ...patch(fences, '      () => false,\n', '      () => true,\n'),
  },
  {
    name: 'asked again without settling',
    ...patch(
      change,
      "return { kind: 'done', progress: await bringIntoForce(stores, settings, [key.digest]) }",
      "return { kind: 'done', progress: { kind: 'in_force' } }",
    ),
  },
  {
    name: 'a bulk change settling only what it changed',
    ...patch(
      change,
      'await bringIntoForce(stores, settings, { accountId })',
      'await bringIntoForce(stores, settings, changed.length > 0 ? changed : { accountId })',
    ),
  },
  {
    name: 'regions that did not answer left out',
    ...patch(settle, '!acknowledged.includes(raise)', 'acknowledged.includes(raise) && false'),
  },
  {
    name: 'a timer believed without asking the clock',
    ...patch(
      settle,
      'for (let left = time - clock.now(); left > 0; left = time - clock.now()) await clock.sleep(left)',
      'await clock.sleep(Math.max(0, time - clock.now()))',
    ),
  },
  { name: 'a role change that leaves no raises', mistake: 'trigger-without-raise' },
  {
    name: 'a store that is down taken for an absent key',
    ...patch(
      lookUp,
      '  const record = await keys.read(digest)\n  // Absence',
      '  const record = await keys.read(digest).catch(() => null)\n  // Absence',
    ),
  },
  {
    name: 'a store that is down answered from old memory',
    ...patch(
      lookUp,
      '    if (!isGoodEnough(other, requiredSeq)) throw unavailable\n',
      "    if (held !== null) return { record: held.record, tier: 'fence' }\n    if (!isGoodEnough(other, requiredSeq)) throw unavailable\n",
    ),
  },
  {
    name: 'whatever KV holds believed while D1 is down',
    ...patch(
      lookUp,
      '    if (!isGoodEnough(other, requiredSeq)) throw unavailable\n',
      '    if (other === null) throw unavailable\n',
    ),
  },
  {
    name: 'absence kept in memory',
    patches: [
      {
        file: verify,
        find: '    if (record === null) return',
        put: '    if (record === null) absent.add(digest)\n    if (record === null) return',
      },
      {
        file: verify,
        find: '  try {\n    const { record, tier }',
        put: '  if (absent.has(digest)) return invalid\n  try {\n    const { record, tier }',
      },
      {
        file: verify,
        find: 'const invalid: Verification',
        put: 'const absent = new Set<string>()\nconst invalid: Verification',
      },
    ],
  },
  { name: 'fresh taken for a lease', ...patch(verify, 'fresh ? null : recall', 'recall') },
  {
    name: 'a purge that can hang',
    ...patch(
      keyCache,
      "await within('KV', limitMs, kv.delete(name(digest))).catch",
      'await kv.delete(name(digest)).catch',
    ),
  },
  {
    name: 'a registration that fails once and for all',
    ...patch(
      fence,
      '    } finally {\n      this.registering = false\n    }',
      '    } finally {}\n    this.registering = false',
    ),
  },
  {
    name: 'raises acknowledged but never forgotten',
    ...patch(settle, forgetSettled, ''),
  },
  {
    name: 'no entry put into KV',
    ...patch(lookUp, '    waitUntil(cache.put(digest, record, readAt))\n', ''),
  },
  {
    name: 'nothing kept in memory',
    ...patch(
      memory,
      '      entries.set(digest, held)\n      if (entries.size',
      '      if (entries.size',
    ),
  },
]

const harmless: Mutant[] = [
  {
    name: 'no purge',
    harmless: 'the purge saves a miss, and decides nothing',
    patches: [
      { file: change, find: 'for (const digest of digests) memory.forget(digest)', put: '' },
      {
        file: change,
        find: 'digests.slice(0, maxPurges).map((digest) => cache.purge(digest))',
        put: '[] as Promise<void>[]',
      },
    ],
  },
  {
    name: 'memory replacing newer by older',
    harmless:
      'a lease belongs to the record it came with, and ends before any newer one is answered',
    ...patch(memory, 'if (present !== undefined && isNewer(present, held)) return', ''),
  },
]

function swap(file: string, first: string, second: string): { patches: Patch[] } {
  return patch(file, first + second, second + first)
}

export const mutants: Mutant[] = [
  ...listed.map((mutant) => ({ ...mutant, listed: true as const })),
  ...more,
  ...harmless,
]
