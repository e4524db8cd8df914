// A fence: how fresh a record must be to be believed in one region. Its state is durable before it
// answers. Pure of the platform: storage, registry and clock are handed in (fence-object.ts, and the
// simulation).

export const allDigests = '*'

/** The answer to a raise or a reset: anything else than this word has not acknowledged it. */
export const acknowledged = 'held'

/** Below `seq` a record of the digest is too old; the digest `*` stands for all. */
export type Raise = { digest: string; seq: number }

export type Floor = { seq: number; raisedAt: number }

export type FenceBase = {
  /** The sequence of the registration, lifted by pruning; null until registered. */
  minSeq: number | null
  /** The sequence by which it stands in D1's list of fences. */
  registeredSeq: number | null
  askedAt: number
}

export type FenceStatus = {
  /** As a reader would be told. */
  requiredSeq: number | null
  registeredSeq: number | null
  /** Within the hour (ms). */
  askedAt: number
  floors: number
}

export type FenceState = FenceBase & { floors: Map<string, Floor> }

/** Storage that is durable before the object's next answer leaves it (a Durable Object's SQLite). */
export type FenceStorage = {
  load(): FenceState
  saveBase(base: FenceBase): void
  saveFloor(digest: string, floor: Floor): void
  removeFloors(digests: readonly string[]): void
  wakeAt(timeMs: number): void
}

/** D1, as a fence sees it. */
export type FenceRegistry = {
  /** In one batch: bumps the counter, lists the fence, reads the counter. */
  register(nowMs: number): Promise<number>
  /** Takes the fence off the list where it still stands with this sequence. */
  retire(registeredSeq: number): Promise<void>
  /** Resolves when D1 answers. */
  ping(): Promise<void>
}

const hour = 60 * 60 * 1000
const day = 24 * hour
/** A floor outlives every KV entry (7 days) that it has to refuse. */
export const floorLifetimeMs = 8 * day
export const idleLifetimeMs = 2 * day

export class Fence {
  private readonly state: FenceState
  /** Counts resets: a registration begun before one is void. */
  private epoch = 0
  private registering = false
  private readonly storage: FenceStorage
  private readonly registry: FenceRegistry
  private readonly now: () => number

  constructor(storage: FenceStorage, registry: FenceRegistry, now: () => number) {
    this.storage = storage
    this.registry = registry
    this.now = now
    this.state = storage.load()
  }

  /** The `asOf` from which a record of the digest is good, or null: ask D1. Reads before any await. */
  requiredSeq(digest: string): number | null {
    const requiredSeq = this.barOf(digest)
    if (requiredSeq !== null) this.recordCheck()
    return requiredSeq
  }

  /** For monitoring: leaves no trace, so that looking at a fence that nobody uses does not keep it open. */
  inspect(digest: string): FenceStatus {
    const { registeredSeq, askedAt, floors } = this.state
    return { requiredSeq: this.barOf(digest), registeredSeq, askedAt, floors: floors.size }
  }

  private barOf(digest: string): number | null {
    const { minSeq, floors } = this.state
    if (minSeq === null) return null
    return Math.max(minSeq, floors.get(digest)?.seq ?? 0, floors.get(allDigests)?.seq ?? 0)
  }

  get isRegistered(): boolean {
    return this.state.minSeq !== null
  }

  /** Holds the raises from now on. A fence that is not registered holds them all the same. */
  raise(raises: readonly Raise[]): void {
    const raisedAt = this.now()
    for (const { digest, seq } of raises) {
      if (seq <= (this.state.floors.get(digest)?.seq ?? 0)) continue
      const floor = { seq, raisedAt }
      this.state.floors.set(digest, floor)
      this.storage.saveFloor(digest, floor)
    }
    this.storage.wakeAt(raisedAt + day)
  }

  /** Registers in D1, so that changes wait for this fence, and only then begins to answer. */
  async register(): Promise<void> {
    if (this.registering || this.state.minSeq !== null) return
    this.registering = true
    const { epoch } = this
    try {
      const seq = await this.registry.register(this.now())
      if (epoch !== this.epoch) return
      this.saveBase({ minSeq: seq, registeredSeq: seq, askedAt: this.now() })
      this.storage.wakeAt(this.now() + day)
    } finally {
      this.registering = false
    }
  }

  /** Forgets everything, so that it must register anew: after D1 was restored to an earlier time. */
  reset(): void {
    this.epoch++
    this.forget()
  }

  /** Daily: retires a fence that nobody asks, and prunes the floors of one that is in use. */
  async maintain(): Promise<void> {
    try {
      // While D1 is down a lifted minimum would refuse records that cannot be read anew.
      await this.registry.ping()
      if (this.now() - this.state.askedAt >= idleLifetimeMs) await this.retire()
      else this.prune()
    } catch {
      this.storage.wakeAt(this.now() + hour)
      return
    }
    if (this.isRegistered || this.state.floors.size > 0) this.storage.wakeAt(this.now() + day)
  }

  /** First it forgets, durably: asked again it must register anew. Then D1 takes it off the list. */
  private async retire(): Promise<void> {
    const { registeredSeq } = this.state
    this.epoch++
    this.forget()
    if (registeredSeq === null) return
    await this.registry.retire(registeredSeq)
    if (this.state.registeredSeq === registeredSeq) this.saveBase({ registeredSeq: null })
  }

  private prune(): void {
    const old = [...this.state.floors].filter(([, { raisedAt }]) => this.isOld(raisedAt))
    if (old.length === 0) return
    const { minSeq } = this.state
    // First lift, then forget: whoever is asked in between refuses too much, never too little.
    if (minSeq !== null) {
      this.saveBase({ minSeq: old.reduce((most, [, { seq }]) => Math.max(most, seq), minSeq) })
    }
    this.remove(old.map(([digest]) => digest))
  }

  private isOld(raisedAt: number): boolean {
    return this.now() - raisedAt >= floorLifetimeMs
  }

  /** Keeps `registeredSeq`, by which D1's list can still be told that it is gone. */
  private forget(): void {
    this.saveBase({ minSeq: null })
    // What they held lies below the sequence of any later registration.
    this.remove([...this.state.floors.keys()])
  }

  private remove(digests: readonly string[]): void {
    for (const digest of digests) this.state.floors.delete(digest)
    this.storage.removeFloors(digests)
  }

  private recordCheck(): void {
    const now = this.now()
    if (now - this.state.askedAt >= hour) this.saveBase({ askedAt: now })
  }

  private saveBase(change: Partial<FenceBase>): void {
    Object.assign(this.state, change)
    const { minSeq, registeredSeq, askedAt } = this.state
    this.storage.saveBase({ minSeq, registeredSeq, askedAt })
  }
}
