// The requests of a month and shard of keys, counted exactly once: a journal that answers at once, and a fold that
// moves it into a row a key and day. Independent of the platform: storage, D1 and clock are passed in.
import {
  bucketMs,
  bucketOf,
  forgetIdsAfterMs,
  idLifetimeMs,
  minuteMs,
  tierLifetimeMs,
  timeOf,
  type UsageBounds,
  usageBounds,
  usageLifetimeMs,
} from './bounds.ts'
import { hourMs } from './counts.ts'
import { addRow, type JournalRow, piecesOf } from './journal.ts'
import { Layer, split } from './layer.ts'
import type { LedgerStorage } from './ledger-storage.ts'
import { changesOf, lastUses } from './turn.ts'
import { stored, type UsagePart } from './usage-calls.ts'

export type LedgerOptions = {
  /** When the month is over (ms). */
  endsAt: number
  now(): number
  /** Raises `last_used_at` of keys in D1, never lowers it. */
  raiseLastUsed(uses: [keyId: string, at: number][]): Promise<void>
  /** Is told why a fold failed. */
  report(cause: unknown): void
  bounds?: UsageBounds
}

export class UsageLedger {
  /** Not folded: what the fold has begun with, each one row of the journal, and what came since. */
  private sealed: Layer[] = []
  private recent = new Layer()
  private nextSeq = 1
  private alarmAt: number | null
  private retryAt: number | null = null
  private failures = 0
  /** The size after the journal was rewritten. */
  private rewrittenSize = 0
  private isMaintaining = false
  private readonly storage: LedgerStorage
  private readonly options: LedgerOptions
  private readonly bounds: UsageBounds

  constructor(storage: LedgerStorage, options: LedgerOptions) {
    this.storage = storage
    this.options = options
    this.bounds = options.bounds ?? usageBounds
    for (const row of storage.loadJournal()) {
      addRow(this.recent, row)
      this.nextSeq = row.seq + 1
    }
    this.alarmAt = storage.alarmAt()
    // The alarm of an instance that was evicted while it ran may be lost.
    if (this.alarmAt === null && !storage.isEmpty()) this.schedule(options.now())
  }

  /** What is not folded. */
  get layers(): readonly Layer[] {
    return [...this.sealed, this.recent]
  }

  get keyDays(): number {
    return this.layers.reduce((sum, { keyDays }) => sum + keyDays, 0)
  }

  /** @throws Error when it stored nothing. */
  add(parts: readonly UsagePart[]): typeof stored {
    const nowMs = this.options.now()
    // Past its retention the object stays deleted.
    if (nowMs >= this.deleteAt) return stored
    const { fresh, seen } = this.unknown(parts, nowMs)
    if (fresh.length === 0) return stored
    if (this.keyDays >= this.bounds.keyDaysHeld)
      throw new Error('Too much usage is not folded yet.')
    const added = new Layer()
    for (const part of fresh) added.addPart(part)
    const rows = this.rowsOf(added, nowMs)
    this.storage.commit({ seen, journal: { remove: [], add: rows } })
    // Storage before memory: a write that fails must leave the counts unchanged.
    this.recent.addAll(added)
    this.schedule(nowMs)
    return stored
  }

  /** Deletes a part of what is held of an account; whether nothing is left. What comes later is stored anew. */
  forget(accountId: string): boolean {
    this.forgetUnfolded(accountId)
    return this.storage.forget(accountId, this.bounds.forgotten)
  }

  /** The journal too: a fold or a new instance must not bring an account back. */
  private forgetUnfolded(accountId: string): void {
    const remove: number[] = []
    const add: JournalRow[] = []
    const rest = (layer: Layer): Layer => {
      if (!layer.accounts.has(accountId)) return layer
      const others = layer.copy(accountId)
      add.push(...this.rowsOf(others, layer.at))
      remove.push(...layer.seqs)
      return others
    }
    const sealed = this.sealed.map(rest).filter(({ isEmpty }) => !isEmpty)
    const recent = rest(this.recent)
    if (remove.length === 0) return
    this.storage.commit({ journal: { remove, add } })
    this.sealed = sealed
    this.recent = recent
  }

  /** The alarm: folds what is due, deletes what is old, and sets the next alarm. */
  async maintain(): Promise<void> {
    this.alarmAt = null
    const nowMs = this.options.now()
    if (nowMs >= this.deleteAt) return this.delete()
    this.isMaintaining = true
    try {
      this.storage.prune(bucketOf(nowMs - forgetIdsAfterMs), nowMs - tierLifetimeMs)
      await this.fold(nowMs)
      this.failures = 0
      this.retryAt = null
    } catch (cause) {
      this.options.report(cause)
      this.retryAt = this.options.now() + Math.min(minuteMs * 2 ** this.failures++, hourMs)
    } finally {
      this.isMaintaining = false
    }
    this.schedule(this.options.now())
  }

  /** Ids that are not known, and the buckets with them. */
  private unknown(parts: readonly UsagePart[], nowMs: number) {
    const known = new Map<number, Set<string>>()
    const seen = new Map<number, readonly string[]>()
    const fresh = parts.filter(({ id }) => {
      const sentAt = timeOf(id)
      // Its id may be forgotten: rather lost than counted twice.
      if (!(sentAt >= nowMs - idLifetimeMs)) return false
      const bucket = bucketOf(sentAt)
      const ids = known.get(bucket) ?? new Set(this.storage.idsIn(bucket))
      known.set(bucket, ids)
      if (ids.has(id)) return false
      ids.add(id)
      seen.set(bucket, [])
      return true
    })
    for (const bucket of seen.keys()) seen.set(bucket, [...(known.get(bucket) ?? [])])
    return { fresh, seen }
  }

  /** Moves the journal into rows of days, a turn at a time. */
  private async fold(nowMs: number): Promise<void> {
    if (this.sealed.length === 0 && this.foldAt(nowMs) <= nowMs) this.seal()
    else if (this.isJournalLarge) this.rewrite()
    for (let [turn] = this.sealed; turn !== undefined; [turn] = this.sealed) {
      await this.options.raiseLastUsed(lastUses(turn))
      // An account may have been forgotten meanwhile.
      if (turn !== this.sealed[0]) continue
      const { seqs, tiers } = turn
      const change = changesOf(turn, this.storage)
      this.storage.commit({
        journal: { remove: seqs, add: [] },
        tiers: [...tiers.values()],
        ...change,
      })
      this.sealed = this.sealed.slice(1)
    }
  }

  /** Rewrites the journal as one row a turn: each key day is then written once. */
  private seal(): void {
    if (this.recent.isEmpty) return
    const pieces = split(this.recent, this.bounds.keyDaysOfTurn).flatMap(piecesOf)
    const rows = pieces.map(({ layer, body }) => this.newRow(layer, this.recent.at, body))
    this.storage.commit({ journal: { remove: this.recent.seqs, add: rows } })
    this.sealed = pieces.map(({ layer }) => layer)
    this.recent = new Layer()
    this.rewrittenSize = 0
  }

  private rewrite(): void {
    const merged = this.recent.copy()
    const rows = this.rowsOf(merged, this.recent.at)
    this.storage.commit({ journal: { remove: this.recent.seqs, add: rows } })
    this.recent = merged
    this.rewrittenSize = merged.size
  }

  private get isJournalLarge(): boolean {
    return this.recent.size > Math.max(this.bounds.journalSize, 2 * this.rewrittenSize)
  }

  /** The rows of a layer, which then holds them. */
  private rowsOf(layer: Layer, at: number): JournalRow[] {
    if (layer.isEmpty) return []
    return piecesOf(layer).map(({ body }) => this.newRow(layer, at, body))
  }

  private newRow(layer: Layer, at: number, body: string): JournalRow {
    const seq = this.nextSeq++
    layer.holdRows([seq], at, body.length)
    return { seq, at, body }
  }

  private async delete(): Promise<void> {
    this.sealed = []
    this.recent = new Layer()
    await this.storage.clear()
  }

  private get deleteAt(): number {
    return this.options.endsAt + usageLifetimeMs
  }

  private foldAt(nowMs: number): number {
    const [first = this.recent] = this.sealed
    return this.recent.keyDays >= this.bounds.keyDays ? nowMs : first.at + this.bounds.foldAfterMs
  }

  private schedule(nowMs: number): void {
    if (this.isMaintaining) return
    const dueAt = this.dueAt(nowMs)
    if (this.alarmAt !== null && this.alarmAt <= dueAt) return
    this.storage.wakeAt(dueAt)
    this.alarmAt = dueAt
  }

  private dueAt(nowMs: number): number {
    if (this.retryAt !== null) return this.retryAt
    if (this.isJournalLarge) return nowMs
    const foldAt = this.foldAt(nowMs)
    if (foldAt < Number.POSITIVE_INFINITY) return foldAt
    const bucket = this.storage.newestBucket()
    const tier = this.storage.newestTier()
    const forgetAt = bucket === null ? null : (bucket + 1) * bucketMs + forgetIdsAfterMs
    const pruneAt = tier === null ? null : tier + tierLifetimeMs
    return Math.min(this.deleteAt, forgetAt ?? this.deleteAt, pruneAt ?? this.deleteAt)
  }
}
