// Mistakes in what a fence answers and in what a view learns, of the list at the end of "Coherence" in the architecture.
// The histories of fences and views alone find them.
import { type Mutant, patch } from './mutant.ts'

const view = 'src/coherence/view.ts'
const fence = 'src/coherence/fence.ts'
const subject = 'src/core/subject.ts'

const applyNews = '      for (const [subject, seq] of floors) view.floors.set(subject, seq)\n'
const replace = 'this.view = { epoch, rev, from: askedAt, base, horizon, floors: new Map(floors) }'
const forgetLarge =
  '    if (this.view !== null && this.view.floors.size > this.maxFloors) this.view = null\n'
const dropOldest = (lift: string) => `    const kept = this.view
    if (kept !== null && kept.floors.size > this.maxFloors) {
      const [oldest = ['', 0]] = kept.floors
      kept.floors.delete(oldest[0] as string)
${lift}    }
`

export const viewMutants: Mutant[] = [
  {
    name: 'a view without a lease',
    ...patch(view, 'view === null || now >= view.from + leaseMs', 'view === null || leaseMs < 0'),
  },
  {
    name: 'a lease renewed by asking',
    ...patch(
      view,
      '    this.lastAskedAt = now\n',
      '    this.lastAskedAt = now\n    if (this.view !== null) this.view.from = now\n',
    ),
  },
  { name: 'a lease counted from the answer', mistake: 'lease-from-answer' },
  {
    name: 'the lease of a later question than the one answered',
    patches: [
      {
        file: view,
        find: replace,
        put: replace.replace('from: askedAt', 'from: this.lastAskedAt'),
      },
      { file: view, find: 'view.from = askedAt', put: 'view.from = this.lastAskedAt' },
    ],
  },
  {
    name: 'a view in the future that is kept',
    ...patch(view, 'if (now < view.from) this.view = null', 'if (now < view.from) return null'),
  },
  {
    name: 'the base overlooked',
    ...patch(
      view,
      'Math.max(base, floors.get(digest) ?? horizon',
      'Math.max(0, floors.get(digest) ?? horizon',
    ),
  },
  {
    name: 'the horizon overlooked',
    ...patch(view, 'floors.get(digest) ?? horizon', 'floors.get(digest) ?? base'),
  },
  { name: 'the floors overlooked', ...patch(view, 'floors.get(digest) ?? horizon', 'horizon') },
  {
    name: 'news without their base',
    harmless: 'pruning, which alone lifts the base, begins another epoch',
    ...patch(view, '      view.base = base\n', ''),
  },
  { name: 'news dropped, but their lease taken', ...patch(view, applyNews, '') },
  {
    name: 'news of another epoch',
    ...patch(view, 'view === null || view.epoch !== epoch || since', 'view === null || since'),
  },
  {
    name: 'news with a gap before them',
    ...patch(view, 'since.rev > view.rev || view.rev > rev', 'view.rev > rev'),
  },
  {
    name: 'news older than the view',
    ...patch(view, 'since.rev > view.rev || view.rev > rev', 'since.rev > view.rev'),
  },
  {
    name: 'an older full answer that takes over the newer lease',
    ...patch(
      view,
      replace,
      replace.replace('from: askedAt', 'from: Math.max(askedAt, this.view?.from ?? 0)'),
    ),
  },
  {
    name: 'a full answer that only adds to the floors',
    ...patch(
      view,
      replace,
      replace.replace('new Map(floors)', 'new Map([...floors, ...(this.view?.floors ?? [])])'),
    ),
  },
  {
    name: 'a full answer that keeps the lower horizon',
    ...patch(
      view,
      replace,
      replace.replace(
        'base, horizon,',
        'base, horizon: Math.min(horizon, this.view?.horizon ?? horizon),',
      ),
    ),
  },
  { name: 'floors dropped from a view', ...patch(view, forgetLarge, dropOldest('')) },
  {
    name: 'floors dropped from a view, lifting the horizon',
    ...patch(
      view,
      forgetLarge,
      dropOldest('      this.view = { ...kept, horizon: Math.max(kept.horizon, oldest[1]) }\n'),
    ),
  },
  {
    name: 'an epoch that outlives the object',
    ...patch(
      fence,
      '    this.epoch = this.newEpoch()\n    this.base',
      "    this.epoch = 'first'\n    this.base",
    ),
  },
  {
    name: 'an epoch that outlives a reset',
    ...patch(
      fence,
      'Number.MAX_SAFE_INTEGER)\n    this.beginEpoch()\n',
      'Number.MAX_SAFE_INTEGER)\n',
    ),
  },
  {
    name: 'an epoch that outlives a prune',
    ...patch(
      fence,
      '    this.storage.removeRaisedUntil(until)\n    this.beginEpoch()\n',
      '    this.storage.removeRaisedUntil(until)\n',
    ),
  },
  {
    name: 'a log too short told as news',
    ...patch(fence, ' || since.rev < this.dropped) return null', ') return null'),
  },
  { name: 'a raise that is not logged', ...patch(fence, '      this.log.push(floor)\n', '') },
  {
    name: 'what is left out not told',
    ...patch(fence, "const [, horizon] = newest[this.maxTold] ?? ['', 0]", 'const horizon = 0'),
  },
  {
    name: 'a horizon one too far',
    patches: [
      {
        file: fence,
        find: 'newestDigests(minSeq, this.maxTold + 1)',
        put: 'newestDigests(minSeq, this.maxTold + 2)',
      },
      { file: fence, find: 'newest[this.maxTold] ??', put: 'newest[this.maxTold + 1] ??' },
    ],
  },
  {
    name: 'others told than the newest',
    ...patch(fence, 'newest.slice(0, this.maxTold)', 'newest.slice(1)'),
  },
  {
    name: 'an answer before the registration',
    ...patch(
      fence,
      '    const { minSeq } = this.base\n    if (minSeq === null) return null\n    this.recordUse()',
      '    const minSeq = this.base.minSeq ?? 0\n    this.recordUse()',
    ),
  },
  {
    name: "an answer without the digest's floor",
    ...patch(fence, 'digest === null ? minSeq : this.requiredSeqOf(digest, minSeq)', 'minSeq'),
  },
  {
    name: "a group's floor overlooked",
    ...patch(view, ', floors.get(groupOf(accountId)) ?? base)', ')'),
  },
  {
    name: "another group's floor taken",
    ...patch(
      view,
      'floors.get(groupOf(accountId)) ?? base)',
      "floors.get(groupOf('b' + accountId)) ?? base)",
    ),
  },
  {
    name: 'an answer judged by what it tells alone',
    ...patch(view, ', told, view?.floors.get(group) ?? 0)', ', told)'),
  },
  {
    name: 'an answer judged by what was known alone',
    ...patch(view, ', told, view?.floors.get(group) ?? 0)', ', view?.floors.get(group) ?? 0)'),
  },
  {
    name: 'an answer judged by the first entry of the group',
    ...patch(view, 'floors.findLast(', 'floors.find('),
  },
  {
    name: 'a group told among the newest only',
    ...patch(
      fence,
      '[...this.storage.groupsAbove(minSeq), ...newest',
      '[...this.storage.groupsAbove(minSeq).slice(-1), ...newest',
    ),
  },
  {
    name: 'groups not told in full answers',
    ...patch(fence, '...this.storage.groupsAbove(minSeq), ', ''),
  },
  {
    name: 'groups not logged',
    ...patch(fence, 'this.log.push(floor)', "if (!subject.startsWith('@')) this.log.push(floor)"),
  },
  {
    name: 'pruning without lifting minSeq',
    ...patch(fence, 'minSeq: Math.max(minSeq, highest)', 'minSeq'),
  },
  {
    name: 'a late raise lowering a floor',
    ...patch(fence, 'if (seq <= this.storage.floorOf(subject)) continue', ''),
  },
  {
    name: 'all accounts in one group',
    harmless: 'more keys than need be are read again',
    ...patch(subject, 'accountId.slice(0, 3)', 'accountId.slice(0, 0)'),
  },
  {
    name: 'an older full answer ignored',
    harmless: 'the view that it does not replace is newer',
    ...patch(
      view,
      'if (horizon !== null) {',
      'if (horizon !== null) {\n      if (this.view !== null && askedAt < this.view.from) return',
    ),
  },
  {
    name: 'the digest not told among the floors',
    harmless: 'the next verification by this isolate asks the fence once more',
    ...patch(fence, '    if (digest !== null) told.floors.push([digest, requiredSeq])\n', ''),
  },
]
