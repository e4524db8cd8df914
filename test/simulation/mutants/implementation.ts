// Further mistakes in the implementation of the protocol.
import { forgetSettled, type Mutant, patch } from './mutant.ts'

const settle = 'src/coherence/settle.ts'
const change = 'src/keys/change.ts'
const lookUp = 'src/keys/look-up.ts'
const verify = 'src/keys/verify.ts'
const fence = 'src/coherence/fence.ts'
const fences = 'src/coherence/fences.ts'
const memory = 'src/storage/memory.ts'
const keyCache = 'src/storage/key-cache.ts'

export const implementationMutants: Mutant[] = [
  {
    name: 'retiring before forgetting',
    patches: [
      {
        file: fence,
        find: '    this.forget()\n    if (registeredSeq === null) return\n',
        put: '    if (registeredSeq === null) return\n',
      },
      {
        file: fence,
        find: '    await this.registry.retire(registeredSeq)\n',
        put: '    await this.registry.retire(registeredSeq)\n    this.forget()\n',
      },
    ],
  },
  {
    name: 'retiring without forgetting',
    ...patch(fence, '    this.forget()\n    if (registeredSeq', '    if (registeredSeq'),
  },
  { name: 'retiring whatever registration stands in D1', mistake: 'retire-regardless' },
  {
    name: 'forgetting floors but not minSeq',
    ...patch(fence, '    this.saveBase({ minSeq: null })\n', ''),
  },
  {
    name: 'a reset that keeps a registration in flight',
    ...patch(fence, '      if (epoch !== this.epoch) return\n', ''),
  },
  { name: 'a fence that answers before it is durable', mistake: 'answer-before-durable' },
  {
    name: 'a late raise lowering a floor',
    ...patch(fence, 'if (seq <= this.storage.floorOf(subject)) continue', ''),
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
    name: 'a repeated change answered without settling',
    ...patch(
      change,
      "return { kind: 'done', progress: await propagate(stores, settings, of) }",
      "return { kind: 'done', progress: { kind: 'in_force' } }",
    ),
  },
  {
    name: 'a bulk change settling only what it changed',
    ...patch(
      change,
      '  const { pending } = committed\n',
      '  const pending = committed.pending.filter(({ subject }) => committed.digests.includes(subject))\n',
    ),
  },
  {
    name: 'a bulk change of one batch only',
    ...patch(change, '} while (committed.hasMore)', '} while (false as boolean)'),
  },
  {
    name: 'a bulk change that settles what was pending at its first batch',
    patches: [
      {
        file: change,
        find: '    count += committed.digests.length\n',
        put: '    first ??= committed\n    count += committed.digests.length\n',
      },
      {
        file: change,
        find: '  let committed: Committed\n',
        put: '  let committed: Committed\n  let first: Committed | undefined\n',
      },
      {
        file: change,
        find: '  const { pending } = committed\n',
        put: '  const { pending } = first ?? committed\n',
      },
    ],
  },
  {
    name: 'unacknowledged regions left out of the answer',
    ...patch(settle, '!acknowledged.includes(raise)', 'acknowledged.includes(raise) && false'),
  },
  {
    name: 'a timer trusted without reading the clock',
    ...patch(
      settle,
      '  for (let waitMs = timeMs - clock.now(); waitMs > 0; waitMs = timeMs - clock.now()) {\n    await clock.sleep(waitMs)\n  }\n',
      '  await clock.sleep(Math.max(0, timeMs - clock.now()))\n',
    ),
  },
  { name: 'a role change that leaves no raises', mistake: 'trigger-without-raise' },
  {
    name: 'an unavailable store treated as an absent key',
    ...patch(
      lookUp,
      '  const record = await keys.read(digest)\n  // Absence',
      '  const record = await keys.read(digest).catch(() => null)\n  // Absence',
    ),
  },
  {
    name: 'an unavailable store answered from an expired lease',
    ...patch(
      lookUp,
      '    if (other === null || !isFresh(other)) throw unavailable\n',
      "    if (held !== null) return { record: held.record, tier: 'fence' }\n    if (other === null || !isFresh(other)) throw unavailable\n",
    ),
  },
  {
    name: 'any KV entry accepted while D1 is down',
    ...patch(lookUp, 'other === null || !isFresh(other)', 'other === null'),
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
  { name: 'fresh answered from a lease', ...patch(verify, 'fresh ? null : recall', 'recall') },
  {
    name: 'a purge that can hang',
    ...patch(
      keyCache,
      "await within('KV', timeoutMs, kv.delete(name(digest))).catch",
      'await kv.delete(name(digest)).catch',
    ),
  },
  {
    name: 'a failed registration never retried',
    ...patch(
      fence,
      '    } finally {\n      this.registering = false\n    }',
      '    } finally {}\n    this.registering = false',
    ),
  },
  {
    name: 'acknowledged raises never deleted',
    ...patch(settle, forgetSettled, ''),
  },
  {
    name: 'no entry put into KV',
    ...patch(lookUp, '    waitUntil(cache.put(digest, record, readAt))\n', ''),
  },
  {
    name: 'nothing kept in memory',
    ...patch(memory, '      entries.set(digest, held)\n      bytes +=', '      bytes +='),
  },
]
