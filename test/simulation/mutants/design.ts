// Mistakes against the list at the end of "Coherence" in the architecture.
import { forgetSettled, type Mutant, patch, swap, wait } from './mutant.ts'

const settle = 'src/coherence/settle.ts'
const change = 'src/keys/change.ts'
const lookUp = 'src/keys/look-up.ts'
const restore = 'src/coherence/restore.ts'
const fence = 'src/coherence/fence.ts'
const view = 'src/coherence/view.ts'
const memory = 'src/storage/memory.ts'

/** Of look-up.ts. */
const accepted = 'answer !== null && record.asOf >= requiredByAnswer(answer, question, record)'

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
    patches: [
      { file: lookUp, find: accepted, put: 'true' },
      { file: lookUp, find: 'view !== null && held.record.asOf >=', put: 'true || 0 >=' },
    ],
  },
  {
    name: 'one below what is required accepted',
    patches: [
      {
        file: view,
        find: '  return Math.max(base, floors.get',
        put: '  return -1 + Math.max(base, floors.get',
      },
      {
        file: view,
        find: '  return Math.max(requiredSeq, told',
        put: '  return -1 + Math.max(requiredSeq, told',
      },
    ],
  },
  {
    name: 'memory believed while any lease runs',
    ...patch(
      lookUp,
      'view !== null && held.record.asOf >= requiredSeqOf(view, digest, held.record)',
      'view !== null',
    ),
  },
  {
    name: 'KV believed while any lease runs',
    ...patch(
      lookUp,
      'found !== null && found.record.asOf >= requiredSeqOf(view, digest, found.record)',
      'found !== null',
    ),
  },
  {
    name: 'KV looked up by a view that does not know the digest exactly',
    harmless: 'what is required is then too high, and D1 is read more often',
    ...patch(lookUp, 'view !== null && isExact(view, digest)', 'view !== null'),
  },
  {
    name: 'a lease of its own for what the view found good',
    ...patch(
      lookUp,
      '    renewInTime(stores, settings, now)\n    return held.record',
      '    renewInTime(stores, settings, now)\n    held.readAt = now\n    return held.record',
    ),
  },
  {
    name: 'a lease counted from the answer (D1)',
    ...patch(lookUp, '{ record, readAt })', '{ record, readAt: now() })'),
  },
  {
    name: 'never renewed ahead',
    ...patch(lookUp, '  if (!stores.view.isDue(now, leaseMs)) return\n', '  if (now > 0) return\n'),
  },
  {
    name: 'the digest not among the floors of an answer',
    ...patch(fence, '    if (digest !== null) told.floors.push([digest, requiredSeq])\n', ''),
  },
  {
    name: 'groups under the horizon',
    ...patch(
      view,
      'floors.get(groupOf(accountId)) ?? base)',
      'floors.get(groupOf(accountId)) ?? horizon)',
    ),
  },
  {
    name: 'an answer judged by the view as it is when it was learnt',
    ...patch(
      lookUp,
      'requiredByAnswer(answer, question, record)',
      'requiredByAnswer(answer, { ...question, view: null }, record)',
    ),
  },
  {
    name: '200 without settling',
    ...patch(change, '  const regions = await settling', '  const regions: string[] = []'),
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
    ...patch(fence, 'minSeq: Math.max(minSeq, highest)', 'minSeq'),
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
        put: '      leases.set(digest, Math.max(held.readAt ?? 0, leases.get(digest) ?? 0))\n      entries.set(digest, { ...held, readAt: leases.get(digest) ?? null })\n      bytes +=',
      },
    ],
  },
  {
    name: 'joining an older look-up',
    patches: [
      {
        file: lookUp,
        find: "import type { Held, Memory } from '../storage/memory.ts'\n",
        put: "import type { Held, Memory } from '../storage/memory.ts'\nimport { within } from '../storage/unavailable.ts'\n",
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
  { name: 'a group overlooked when a key of it settles', mistake: 'group-overlooked' },
  { name: "an account's keys overlooked when it settles", mistake: 'account-keys-overlooked' },
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
