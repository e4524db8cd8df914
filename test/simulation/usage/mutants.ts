// Known mistakes in counting usage: each must be killed.
import { type Mutant, patch } from '../mutants/mutant.ts'

const ledger = 'src/usage/ledger.ts'
const layer = 'src/usage/layer.ts'
const turn = 'src/usage/turn.ts'
const reads = 'src/usage/usage-reads.ts'
const groups = 'src/usage/group-reads.ts'

function mutant(name: string, file: string, find: string, put: string): Mutant {
  return { name, ...patch(file, find, put) }
}

const store = 'this.storage.commit({ seen, journal: { remove: [], add: rows } })'
const journaled = 'this.storage.commit({ journal: { remove: [], add: rows } })'
const rewritten = 'this.storage.commit({ journal: { remove: this.recent.seqs, add: rows } })'
const raise = 'await this.options.raiseLastUsed(lastUses(turn))'
const storeTurn = `this.storage.commit({
        journal: { remove: seqs, add: [] },
        tiers: [...tiers.values()],
        ...change,
      })`
const dropTurn = 'this.sealed = this.sealed.slice(1)'
const removed = 'this.storage.commit({ journal: { remove: seqs, add: [] } })'
const added = 'this.storage.commit({ tiers: [...tiers.values()], ...change })'

export const usageMutants: Mutant[] = [
  mutant(
    'memory before storage',
    ledger,
    store,
    `this.recent.addAll(added)\n${store}\nthis.schedule(nowMs)\nreturn stored`,
  ),
  mutant('ids that are not kept', ledger, store, journaled),
  mutant(
    'ids kept after the counts, apart',
    ledger,
    store,
    `${journaled}\nthis.recent.addAll(added)\nthis.schedule(nowMs)\nthis.storage.commit({ seen })\nreturn stored`,
  ),
  mutant(
    'ids kept before the counts, apart',
    ledger,
    store,
    `this.storage.commit({ seen })\n${journaled}`,
  ),
  mutant(
    'a message twice in one batch',
    ledger,
    'if (ids.has(id)) return false\n',
    'if (this.storage.idsIn(bucket).includes(id)) return false\n',
  ),
  mutant(
    'ids that replace those of their ten seconds',
    ledger,
    'for (const bucket of seen.keys()) seen.set(bucket, [...(known.get(bucket) ?? [])])',
    'for (const bucket of seen.keys()) seen.set(bucket, fresh.map(({ id }) => id))',
  ),
  mutant(
    'ids forgotten while the queue may deliver them',
    ledger,
    'bucketOf(nowMs - forgetIdsAfterMs)',
    'bucketOf(nowMs - hourMs)',
  ),
  mutant(
    'messages older than the ids',
    ledger,
    'if (!(sentAt >= nowMs - idLifetimeMs)) return false',
    '',
  ),
  mutant(
    'memory without a bound',
    ledger,
    'if (this.keyDays >= this.bounds.keyDaysHeld)',
    'if (this.keyDays < 0)',
  ),
  mutant('a journal that is not read again', ledger, 'addRow(this.recent, row)', ''),
  mutant(
    'no alarm for what was added',
    ledger,
    'this.recent.addAll(added)\n    this.schedule(nowMs)',
    'this.recent.addAll(added)',
  ),
  mutant(
    'no alarm after one that was lost',
    ledger,
    '!storage.isEmpty()) this.schedule(options.now())',
    '!storage.isEmpty()) this.failures = 0',
  ),
  mutant(
    'no alarm after a failure',
    ledger,
    'this.schedule(this.options.now())',
    'if (this.retryAt === null) this.schedule(this.options.now())',
  ),
  mutant(
    'D1 is told after the rows',
    ledger,
    raise,
    `void Promise.resolve().then(() => this.options.raiseLastUsed(lastUses(turn)))\nawait null`,
  ),
  mutant(
    'a failure of D1 overlooked',
    ledger,
    raise,
    `${raise.replace('await ', 'await (')}.catch(() => {}))`,
  ),
  mutant(
    'a turn that stays in the journal',
    ledger,
    'remove: seqs, add: []',
    'remove: [], add: []',
  ),
  mutant(
    'a turn removed from the journal before its rows, apart',
    ledger,
    storeTurn,
    `${removed}\n${added}`,
  ),
  mutant(
    'a turn removed from the journal after its rows, apart',
    ledger,
    storeTurn,
    `${added}\n${removed}`,
  ),
  mutant(
    'a turn out of memory before it is stored',
    ledger,
    `${storeTurn}\n      ${dropTurn}`,
    `${dropTurn}\n${storeTurn}`,
  ),
  mutant(
    'a turn that stays in memory',
    ledger,
    'this.sealed = this.sealed.slice(1)',
    'this.recent.addAll(turn)\nthis.sealed = this.sealed.slice(1)',
  ),
  mutant('tiers that are not folded', ledger, 'tiers: [...tiers.values()],', ''),
  mutant(
    'days replaced instead of added to',
    turn,
    'storage.findDay(accountId, keyId, day) ?? ',
    '',
  ),
  mutant('groups replaced instead of added to', turn, 'storage.findGroup(group) ?? {}', '{}'),
  mutant(
    'a last use that goes back',
    turn,
    'Math.max(row.lastValidAt, lastValidAt)',
    'lastValidAt',
  ),
  mutant('a last use that failed', layer, "if (code === 'valid') cell", 'cell'),
  mutant('counts under another external id', layer, 'cell.externalId === externalId && ', ''),
  mutant('counts of another day', layer, 'cell.day === day && ', ''),
  mutant(
    'rows that stay beside those of the turns',
    ledger,
    `${rewritten}\n    this.sealed`,
    `${rewritten.replace('this.recent.seqs', '[]')}\n    this.sealed`,
  ),
  mutant(
    'turns in memory before they are stored',
    ledger,
    `${rewritten}\n    this.sealed = pieces.map(({ layer }) => layer)`,
    `this.sealed = pieces.map(({ layer }) => layer)\n    ${rewritten}`,
  ),
  mutant(
    'rows that stay beside the rewritten ones',
    ledger,
    `${rewritten}\n    this.recent = merged`,
    `${rewritten.replace('this.recent.seqs', '[]')}\n    this.recent = merged`,
  ),
  mutant(
    'a rewritten journal that has lost rows',
    ledger,
    `${rewritten}\n    this.recent = merged`,
    `${rewritten.replace('add: rows', 'add: rows.slice(1)')}\n    this.recent = merged`,
  ),
  mutant('a forgotten account that is folded', ledger, 'if (turn !== this.sealed[0]) continue', ''),
  mutant(
    'a forgotten account in the journal',
    ledger,
    'this.storage.commit({ journal: { remove, add } })',
    '',
  ),
  mutant('a forgotten account in memory', ledger, 'this.recent = recent\n', ''),
  mutant(
    'a forgotten account in the turns',
    ledger,
    'this.sealed.map(rest).filter(',
    'this.sealed.filter(',
  ),
  mutant('the others forgotten too', ledger, 'add.push(...this.rowsOf(others, layer.at))', ''),
  mutant(
    'an account forgotten before its last rows',
    ledger,
    'return this.storage.forget(accountId, this.bounds.forgotten)',
    'return this.storage.forget(accountId, this.bounds.forgotten) || true',
  ),
  mutant('what was deleted comes back', ledger, 'if (nowMs >= this.deleteAt) return stored', ''),
  mutant('usage that never ends', ledger, 'if (nowMs >= this.deleteAt) return this.delete()', ''),
  mutant(
    'ids that never end',
    ledger,
    'Math.min(this.deleteAt, forgetAt ?? this.deleteAt, pruneAt ?? this.deleteAt)',
    'this.deleteAt',
  ),
  mutant(
    'an hour after the end',
    groups,
    'for (let hour = first; hour < end; hour++)',
    'for (let hour = first; hour <= end; hour++)',
  ),
  mutant(
    'a whole day where a part was asked',
    groups,
    'first > 0 || end < 24',
    'first > 0 && end < 24',
  ),
  mutant('a value cut off by its page', groups, 'sums.delete(last)', ''),
  mutant(
    'a page that begins after the value cut off',
    groups,
    'next: { value: before }',
    'next: { value: last }',
  ),
  mutant(
    'a page without what is not folded of its values',
    groups,
    'if (!isInPage(value, after, page.next)) continue',
    'if (!page.sums.has(value)) continue',
  ),
  mutant(
    'what is not folded, on every page',
    groups,
    'if (!isInPage(value, after, page.next)) continue',
    '',
  ),
  mutant(
    'keys without an external id on no page',
    groups,
    "after === null && group === 'external_id'",
    "after !== null && group === 'external_id'",
  ),
  mutant(
    'days that were not asked',
    groups,
    'if (row.day < days.first || row.day > days.last) continue',
    '',
  ),
  mutant('a page without what is not folded', reads, 'addToDay(row.counts, counts)', ''),
]
