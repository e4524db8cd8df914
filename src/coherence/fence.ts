// A fence: how fresh a record must be to be valid in one region. Independent of the platform: storage, registry and
// clock are passed in, by open-fence.ts and by the simulation.

/** A record of the subject is stale when its `asOf` is below the sequence. */
export type Floor = readonly [subject: string, seq: number]

export type FenceBase = {
  /** The sequence of the registration, lifted by pruning; null until registered. */
  minSeq: number | null
  /** The sequence under which D1's list of fences holds it. */
  registeredSeq: number | null
  /** When a reader last called, in ms, at most an hour behind. */
  lastUsedAt: number
}

/** What an isolate has learnt: news since then suffice. */
export type Since = { epoch: string; rev: number }

export type FenceAnswer = {
  /** Within one epoch, floors and `base` only rise. */
  epoch: string
  /** The number of raises in this epoch. */
  rev: number
  /** Floors that are not in `floors` are at most this. */
  base: number
  /** null: `floors` are the news since `since`; else the answer is in full, and floors of other digests are at most this. */
  horizon: number | null
  /** Later entries of a subject replace earlier ones. */
  floors: Floor[]
  /** The lowest valid `asOf` of the digest that was asked about, but for its group: whose key it is, the fence does not know. */
  requiredSeq: number
}

export type FenceStatus = FenceBase & {
  epoch: string
  rev: number
  floors: number
  /** Questions in the last full minute. */
  questions: number
  /** Of the subjects asked about, in their order: `minSeq` where there is no floor. */
  required: number[]
}

/** Writes are durable before the object's next answer is sent (output gate of a Durable Object). */
export type FenceStorage = {
  loadBase(): FenceBase | null
  saveBase(base: FenceBase): void
  floorOf(subject: string): number
  saveFloor(floor: Floor, raisedAt: number): void
  /** The floors of groups above a sequence. */
  groupsAbove(seq: number): Floor[]
  /** The floors of digests above a sequence, highest first. */
  newestDigests(above: number, limit: number): Floor[]
  /** The highest of the floors that were raised until then; null: there is none. */
  highestRaisedUntil(timeMs: number): number | null
  removeRaisedUntil(timeMs: number): void
  countFloors(): number
  wakeAt(timeMs: number): void
}

/** The list of fences in D1. */
export type FenceRegistry = {
  /** In one batch: bumps the counter, inserts the fence into the list, reads the counter. */
  register(nowMs: number): Promise<number>
  /** Removes the fence from the list, if it is still registered with this sequence. */
  retire(registeredSeq: number): Promise<void>
  /** Resolves when D1 answers. */
  ping(): Promise<void>
}

const hourMs = 60 * 60 * 1000
const dayMs = 24 * hourMs
/** Longer than the lifetime of a KV entry (7 days), so that a floor outlives every record below it. */
export const floorLifetimeMs = 8 * dayMs
export const idleLifetimeMs = 2 * dayMs

/** How many digests a full answer names, and half of what the log keeps. */
export const usualMaxTold = 1_000

export type FenceOptions = {
  now(): number
  /** A name never given before. */
  newEpoch(): string
  maxTold?: number
}

export class Fence {
  private base: FenceBase
  private epoch: string
  /** The raises of this epoch in order, but for the first `dropped`. */
  private log: Floor[] = []
  private dropped = 0
  private registering = false
  private readonly questions = createMinuteCount()
  private readonly storage: FenceStorage
  private readonly registry: FenceRegistry
  private readonly now: () => number
  private readonly newEpoch: () => string
  private readonly maxTold: number

  constructor(storage: FenceStorage, registry: FenceRegistry, options: FenceOptions) {
    this.storage = storage
    this.registry = registry
    this.now = options.now
    this.newEpoch = options.newEpoch
    this.maxTold = options.maxTold ?? usualMaxTold
    this.epoch = this.newEpoch()
    this.base = storage.loadBase() ?? { minSeq: null, registeredSeq: null, lastUsedAt: 0 }
  }

  /**
   * What a view has to learn, and how fresh a record of the digest must be; null while the fence is not registered.
   * Reads the state before any await, so that no raise can come between.
   */
  ask(since: Since | null, digest: string | null): FenceAnswer | null {
    const { minSeq } = this.base
    if (minSeq === null) return null
    this.recordUse()
    this.questions.count(this.now())
    const requiredSeq = digest === null ? minSeq : this.requiredSeqOf(digest, minSeq)
    const told = this.newsSince(since) ?? this.inFull(minSeq)
    if (digest !== null) told.floors.push([digest, requiredSeq])
    return { epoch: this.epoch, rev: this.rev, base: minSeq, ...told, requiredSeq }
  }

  private newsSince(since: Since | null): { horizon: null; floors: Floor[] } | null {
    if (since === null || since.epoch !== this.epoch || since.rev < this.dropped) return null
    return { horizon: null, floors: this.log.slice(since.rev - this.dropped) }
  }

  private inFull(minSeq: number): { horizon: number; floors: Floor[] } {
    const newest = this.storage.newestDigests(minSeq, this.maxTold + 1)
    const [, horizon] = newest[this.maxTold] ?? ['', 0]
    const floors = [...this.storage.groupsAbove(minSeq), ...newest.slice(0, this.maxTold)]
    return { horizon, floors }
  }

  private requiredSeqOf(subject: string, minSeq: number): number {
    return Math.max(minSeq, this.storage.floorOf(subject))
  }

  private get rev(): number {
    return this.dropped + this.log.length
  }

  /** For monitoring. Does not count as use: inspecting an idle fence must not keep it from retiring. */
  inspect(subjects: readonly string[]): FenceStatus {
    const minSeq = this.base.minSeq ?? 0
    const required = subjects.map((subject) => this.requiredSeqOf(subject, minSeq))
    const floors = this.storage.countFloors()
    const questions = this.questions.lastMinute(this.now())
    return { ...this.base, epoch: this.epoch, rev: this.rev, floors, questions, required }
  }

  get isRegistered(): boolean {
    return this.base.minSeq !== null
  }

  /** Raises floors, which never go down. A fence that is not registered stores them too. */
  hold(raises: readonly Floor[]): void {
    const raisedAt = this.now()
    for (const floor of raises) {
      const [subject, seq] = floor
      if (seq <= this.storage.floorOf(subject)) continue
      this.storage.saveFloor(floor, raisedAt)
      this.log.push(floor)
    }
    this.shortenLog()
    this.storage.wakeAt(raisedAt + dayMs)
  }

  private shortenLog(): void {
    const surplus = this.log.length - this.maxTold
    if (surplus <= this.maxTold) return
    this.log = this.log.slice(surplus)
    this.dropped += surplus
  }

  /** Registers in D1, so that changes wait for this fence; until then `ask` answers null. */
  async register(): Promise<void> {
    if (this.registering || this.base.minSeq !== null) return
    this.registering = true
    const { epoch } = this
    try {
      const seq = await this.registry.register(this.now())
      if (epoch !== this.epoch) return
      this.saveBase({ minSeq: seq, registeredSeq: seq, lastUsedAt: this.now() })
      this.storage.wakeAt(this.now() + dayMs)
    } finally {
      this.registering = false
    }
  }

  /** Clears the state, so that the fence must register again: after D1 was restored to an earlier time. */
  reset(): void {
    this.forget()
  }

  /** Runs daily: retires an idle fence, or prunes the floors of one in use. */
  async maintain(): Promise<void> {
    try {
      // Pruning lifts minSeq, which makes records stale: not while D1 cannot supply new ones.
      await this.registry.ping()
      if (this.now() - this.base.lastUsedAt >= idleLifetimeMs) await this.retire()
      else this.prune()
    } catch {
      this.storage.wakeAt(this.now() + hourMs)
      return
    }
    const isInUse = this.isRegistered || this.storage.countFloors() > 0
    if (isInUse) this.storage.wakeAt(this.now() + dayMs)
  }

  /**
   * Clears the state durably, then leaves D1's list. In the other order a change would not raise a fence
   * that still answers.
   */
  private async retire(): Promise<void> {
    const { registeredSeq } = this.base
    this.forget()
    if (registeredSeq === null) return
    await this.registry.retire(registeredSeq)
    if (this.base.registeredSeq === registeredSeq) this.saveBase({ registeredSeq: null })
  }

  private prune(): void {
    const until = this.now() - floorLifetimeMs
    const highest = this.storage.highestRaisedUntil(until)
    if (highest === null) return
    const { minSeq } = this.base
    // Lift minSeq before removing floors: in between, the fence requires too much and never too little.
    if (minSeq !== null) this.saveBase({ minSeq: Math.max(minSeq, highest) })
    this.storage.removeRaisedUntil(until)
    this.beginEpoch()
  }

  /** Keeps `registeredSeq`, which retiring in D1 needs. */
  private forget(): void {
    this.saveBase({ minSeq: null })
    // Every floor is below the sequence of any later registration.
    this.storage.removeRaisedUntil(Number.MAX_SAFE_INTEGER)
    this.beginEpoch()
  }

  /** Floors were removed: news would not say so. A registration begun before is void. */
  private beginEpoch(): void {
    this.epoch = this.newEpoch()
    this.log = []
    this.dropped = 0
  }

  private recordUse(): void {
    const now = this.now()
    // At most one write an hour: this runs on every call of a reader.
    if (now - this.base.lastUsedAt >= hourMs) this.saveBase({ lastUsedAt: now })
  }

  private saveBase(change: Partial<FenceBase>): void {
    this.base = { ...this.base, ...change }
    this.storage.saveBase(this.base)
  }
}

/** Counts by minutes of the clock, for monitoring. */
function createMinuteCount() {
  let [minute, present, before] = [0, 0, 0]
  const turn = (now: number) => {
    const next = Math.floor(now / 60_000)
    if (next === minute) return
    before = next === minute + 1 ? present : 0
    minute = next
    present = 0
  }
  return {
    count(now: number) {
      turn(now)
      present++
    },
    lastMinute(now: number) {
      turn(now)
      return before
    },
  }
}
