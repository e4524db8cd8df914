// D1 behind the narrow interfaces of src/storage, with a network in between. A batch is atomic; it may run
// after its caller has timed out.
import type { FenceRegistry } from '../../src/coherence/fence.ts'
import type { KeyChanges } from '../../src/storage/key-changes.ts'
import type { KeyReader, ListedKey } from '../../src/storage/key-store.ts'
import { within } from '../../src/storage/unavailable.ts'
import { isInjected } from './mistake.ts'
import type { Act, Link, Network } from './network.ts'
import type { Scheduler } from './scheduler.ts'
import type { AccountChange, Tables } from './tables.ts'

/** The versions of keys that a request touches: what its success guarantees. */
export type TouchedVersions = {
  /** Of the row that it read before the change. */
  read: Map<string, number>
  /** That it committed, or found already committed. */
  committed: Map<string, number>
  /** Committed when it read the pending raises: in force once it has settled. */
  pending: Map<string, number>
}

export const noVersions = (): TouchedVersions => ({
  read: new Map(),
  committed: new Map(),
  pending: new Map(),
})

// The timeouts of src/storage.
const readTimeoutMs = 2_000
const writeTimeoutMs = 10_000
const registryTimeoutMs = 5_000

export class D1 {
  readonly tables: Tables
  private readonly scheduler: Scheduler
  private readonly network: Network
  private readonly reads: Link
  private readonly writes: Link
  /** D1's own clock, for the triggers. */
  private readonly skew: number

  constructor(
    tables: Tables,
    scheduler: Scheduler,
    network: Network,
    links: { reads: Link; writes: Link },
    skew: number,
  ) {
    this.tables = tables
    this.scheduler = scheduler
    this.network = network
    this.reads = links.reads
    this.writes = links.writes
    this.skew = skew
  }

  readonly reader: KeyReader = {
    read: (digest) => this.read('record', digest, this.readRecord(digest)),
  }

  private readRecord(digest: string): Act<ReturnType<Tables['record']>> {
    const { tables } = this
    if (!isInjected('asof-apart')) return (answer) => answer(tables.record(digest))
    return (answer) => {
      const row = tables.keys.get(digest)
      this.later(() => answer(tables.record(digest, row)))
    }
  }

  /** key-store.ts `findKey`. */
  find(accountId: string, id: string, touched: TouchedVersions): Promise<ListedKey | null> {
    return this.read('find', id, (answer) => {
      const found = this.tables.find(accountId, id)
      if (found !== null) touched.read.set(found.digest, found.version)
      answer(found)
    })
  }

  changes(touched: TouchedVersions): KeyChanges {
    const { tables } = this
    return {
      create: (key, _audit, nowMs) =>
        this.write('create', key.digest, () => {
          tables.create(key, nowMs)
          this.record(touched.committed, [key.digest])
          return true
        }),
      // No actor of the simulation has `max_keys`.
      hasRoom: async () => true,
      commit: (change) => this.write('commit', change, this.commit(change, touched)),
      pending: (of) =>
        this.write('pending', of, () => {
          this.record(touched.pending, this.digestsOf(of))
          return tables.pending(of)
        }),
      settled: async (raises) => {
        if (raises.length > 0) await this.write('settled', raises, () => tables.settled(raises))
      },
    }
  }

  private commit(change: Parameters<KeyChanges['commit']>[0], touched: TouchedVersions) {
    const { tables } = this
    const batch = (fences?: string[]) => {
      const committed = tables.commit(change, fences)
      const { changed, successor, alreadyRevoked, pending, hasMore } = committed
      this.record(touched.committed, changed)
      if (successor !== null) this.record(touched.committed, [successor])
      for (const digest of alreadyRevoked) {
        touched.committed.set(digest, tables.history.revokedSince(digest))
      }
      const { accountId, selection } = change
      const digests = selection.by === 'version' ? changed : this.digestsOf({ accountId })
      this.record(touched.pending, digests)
      return { digests: changed, pending, hasMore }
    }
    if (isInjected('bump-apart'))
      return this.inTwoSteps(
        () => tables.bump(change.nowMs),
        () => batch(),
      )
    if (isInjected('fences-apart')) return this.inTwoSteps(() => [...tables.fences.keys()], batch)
    return () => batch()
  }

  /** @returns the number of the latest suspension or resumption of the account. */
  changeAccount(accountId: string, change: AccountChange, touched: TouchedVersions) {
    return this.write('account', change, () => {
      this.record(touched.committed, this.commitAccount(accountId, change))
      return this.tables.history.suspensions.latest(accountId)
    })
  }

  private commitAccount(accountId: string, change: AccountChange): string[] {
    const { tables } = this
    const nowMs = this.scheduler.now + this.skew
    switch (change.kind) {
      case 'member':
        return tables.changeMember(accountId, change.userId, change.role, nowMs)
      case 'rename':
        return tables.rename(accountId, nowMs)
      default:
        return tables.changeStanding(accountId, change.kind, nowMs)
    }
  }

  /** fence-registry.ts, for one fence. */
  registry(name: string, region: string): FenceRegistry {
    const { tables } = this
    const call = <T>(operation: string, act: () => T | Act<T>) =>
      within('D1', registryTimeoutMs, this.call(this.writes, operation, name, act))
    return {
      register: (nowMs) =>
        call('register', () =>
          isInjected('register-apart')
            ? this.inTwoSteps(
                () => tables.bump(nowMs),
                (seq: number) => {
                  tables.fences.set(name, { region, seq: tables.counter })
                  return seq
                },
              )()
            : tables.register(name, region, nowMs),
        ),
      retire: (seq) => call('retire', () => tables.retire(name, seq)),
      ping: () => call('ping', () => undefined),
    }
  }

  /** fence-registry.ts `listFences`. */
  listFences(): Promise<string[]> {
    const act = () => [...this.tables.fences.keys()]
    return within('D1', registryTimeoutMs, this.call(this.writes, 'fences', '', act))
  }

  private read<T>(operation: string, detail: unknown, act: Act<T>): Promise<T> {
    return within('D1', readTimeoutMs, this.network.call(this.reads, operation, detail, act))
  }

  private write<T>(operation: string, detail: unknown, act: () => T | Act<T>): Promise<T> {
    return within('D1', writeTimeoutMs, this.call(this.writes, operation, detail, act))
  }

  /** `act` returns its answer, or a function that answers later. */
  private call<T>(link: Link, operation: string, detail: unknown, act: () => T | Act<T>) {
    return this.network.call<T>(link, operation, detail, (answer, fail) => {
      try {
        const outcome = act()
        if (typeof outcome === 'function') (outcome as Act<T>)(answer, fail)
        else answer(outcome)
      } catch (error) {
        fail(error as Error)
      }
    })
  }

  /** For injected mistakes: two statements instead of one. */
  private inTwoSteps<First, T>(first: () => First, second: (before: First) => T): () => Act<T> {
    return () => {
      const before = first()
      return (answer) => this.later(() => answer(second(before)))
    }
  }

  private later(run: () => void): void {
    this.scheduler.after(this.network.delay() * 2 + 1, null, run)
  }

  private record(versions: Map<string, number>, digests: Iterable<string>): void {
    for (const digest of digests) versions.set(digest, this.tables.history.latest(digest))
  }

  private digestsOf(of: Parameters<KeyChanges['pending']>[0]): Iterable<string> {
    const { keys } = this.tables
    if (of === 'all') return keys.keys()
    if (of.digests !== undefined) return of.digests
    return [...keys.values()]
      .filter((row) => row.accountId === of.accountId)
      .map((row) => row.digest)
  }
}
