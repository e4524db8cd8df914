// A fence: the lowest sequence that a record must have to be valid in one region. Independent of the
// platform: storage, registry and clock are passed in, by fence-object.ts and by the simulation.

/** The subject of a raise that concerns every digest. */
export const allDigests = '*'

/** The answer to a raise or a reset; any other answer does not acknowledge it. */
export const acknowledged = 'held'

/** A record of the digest is stale when its `asOf` is below `seq`; the digest `*` means every digest. */
export type Raise = { digest: string; seq: number }

/** `raisedAt` in ms. */
export type Floor = { seq: number; raisedAt: number }

export type FenceBase = {
  /** The sequence of the registration, lifted by pruning; null until registered. */
  minSeq: number | null
  /** The sequence under which D1's list of fences holds it. */
  registeredSeq: number | null
  /** When a reader last called, in ms, at most an hour behind. */
  lastUsedAt: number
}

export type FenceStatus = {
  requiredSeq: number | null
  registeredSeq: number | null
  lastUsedAt: number
  /** The number of floors. */
  floors: number
}

export type FenceState = FenceBase & { floors: Map<string, Floor> }

/** Writes are durable before the object's next answer is sent (output gate of a Durable Object). */
export type FenceStorage = {
  load(): FenceState
  saveBase(base: FenceBase): void
  saveFloor(digest: string, floor: Floor): void
  removeFloors(digests: readonly string[]): void
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

export class Fence {
  private readonly state: FenceState
  /** Counts resets and retirements: a registration begun before one is void. */
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

  /**
   * The lowest `asOf` of a record of the digest that is not stale; null while the fence is not
   * registered. Reads the state before any await, so that no raise can come between.
   */
  requiredSeq(digest: string): number | null {
    const requiredSeq = this.requiredSeqOf(digest)
    if (requiredSeq !== null) this.recordUse()
    return requiredSeq
  }

  /** For monitoring. Does not count as use: inspecting an idle fence must not keep it from retiring. */
  inspect(digest: string): FenceStatus {
    const { registeredSeq, lastUsedAt, floors } = this.state
    return {
      requiredSeq: this.requiredSeqOf(digest),
      registeredSeq,
      lastUsedAt,
      floors: floors.size,
    }
  }

  private requiredSeqOf(digest: string): number | null {
    const { minSeq, floors } = this.state
    if (minSeq === null) return null
    return Math.max(minSeq, floors.get(digest)?.seq ?? 0, floors.get(allDigests)?.seq ?? 0)
  }

  get isRegistered(): boolean {
    return this.state.minSeq !== null
  }

  /** Raises floors, which never go down. A fence that is not registered stores them too. */
  raise(raises: readonly Raise[]): void {
    const raisedAt = this.now()
    for (const { digest, seq } of raises) {
      if (seq <= (this.state.floors.get(digest)?.seq ?? 0)) continue
      const floor = { seq, raisedAt }
      this.state.floors.set(digest, floor)
      this.storage.saveFloor(digest, floor)
    }
    this.storage.wakeAt(raisedAt + dayMs)
  }

  /** Registers in D1, so that changes wait for this fence; until then `requiredSeq` is null. */
  async register(): Promise<void> {
    if (this.registering || this.state.minSeq !== null) return
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
    this.epoch++
    this.forget()
  }

  /** Runs daily: retires an idle fence, or prunes the floors of one in use. */
  async maintain(): Promise<void> {
    try {
      // Pruning lifts minSeq, which makes records stale: not while D1 cannot supply new ones.
      await this.registry.ping()
      if (this.now() - this.state.lastUsedAt >= idleLifetimeMs) await this.retire()
      else this.prune()
    } catch {
      this.storage.wakeAt(this.now() + hourMs)
      return
    }
    if (this.isRegistered || this.state.floors.size > 0) this.storage.wakeAt(this.now() + dayMs)
  }

  /**
   * Clears the state durably, then leaves D1's list. In the other order a change would not raise a fence
   * that still answers.
   */
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
    // Lift minSeq before removing floors: in between, the fence requires too much and never too little.
    if (minSeq !== null) {
      this.saveBase({ minSeq: old.reduce((most, [, { seq }]) => Math.max(most, seq), minSeq) })
    }
    this.remove(old.map(([digest]) => digest))
  }

  private isOld(raisedAt: number): boolean {
    return this.now() - raisedAt >= floorLifetimeMs
  }

  /** Keeps `registeredSeq`, which retiring in D1 needs. */
  private forget(): void {
    this.saveBase({ minSeq: null })
    // Every floor is below the sequence of any later registration.
    this.remove([...this.state.floors.keys()])
  }

  private remove(digests: readonly string[]): void {
    for (const digest of digests) this.state.floors.delete(digest)
    this.storage.removeFloors(digests)
  }

  private recordUse(): void {
    const now = this.now()
    // At most one write an hour: this runs on every call of a reader.
    if (now - this.state.lastUsedAt >= hourMs) this.saveBase({ lastUsedAt: now })
  }

  private saveBase(change: Partial<FenceBase>): void {
    Object.assign(this.state, change)
    const { minSeq, registeredSeq, lastUsedAt } = this.state
    this.storage.saveBase({ minSeq, registeredSeq, lastUsedAt })
  }
}
