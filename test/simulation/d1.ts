// D1 as the rooms above see it: the narrow interfaces of src/storage over the tables, with a network in
// between. A batch happens at one moment or not at all; it may happen after its caller has given up.
import type { FenceRegistry } from '../../src/coherence/fence.ts'
import type { KeyChanges } from '../../src/storage/key-changes.ts'
import type { KeyReader, ListedKey } from '../../src/storage/key-store.ts'
import { within } from '../../src/storage/unavailable.ts'
import { isMade } from './mistake.ts'
import type { Act, Link, Network } from './network.ts'
import type { Scheduler } from './scheduler.ts'
import type { Tables } from './tables.ts'

/** Which versions a request has to do with: what its success promises. */
export type Notes = {
  /** The row that it read before it changed it (or found nothing left to change). */
  seen: Map<string, number>
  /** What it has committed, or found committed before. */
  committed: Map<string, number>
  /** What was committed when it asked what is pending: in force when it has settled. */
  pending: Map<string, number>
}

export const newNotes = (): Notes => ({ seen: new Map(), committed: new Map(), pending: new Map() })

// The limits of src/storage.
const readTimeoutMs = 2_000
const writeLimitMs = 10_000
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
    if (!isMade('asof-apart')) return (answer) => answer(tables.record(digest))
    return (answer) => {
      const row = tables.keys.get(digest)
      this.later(() => answer(tables.record(digest, row)))
    }
  }

  /** key-store.ts `findKey`. */
  find(accountId: string, id: string, notes: Notes): Promise<ListedKey | null> {
    return this.read('find', id, (answer) => {
      const found = this.tables.find(accountId, id)
      if (found !== null) notes.seen.set(found.digest, found.version)
      answer(found)
    })
  }

  changes(notes: Notes): KeyChanges {
    const { tables } = this
    return {
      create: (key, _audit, nowMs) =>
        this.write('create', key.digest, () => {
          tables.create(key, nowMs)
          this.note(notes.committed, [key.digest])
        }),
      commit: (change) => this.write('commit', change, this.commit(change, notes)),
      pending: (of) =>
        this.write('pending', of, () => {
          this.note(notes.pending, this.concerned(of))
          return tables.pending(of)
        }),
      settled: async (raises) => {
        if (raises.length > 0) await this.write('settled', raises, () => tables.settled(raises))
      },
    }
  }

  private commit(change: Parameters<KeyChanges['commit']>[0], notes: Notes) {
    const { tables } = this
    const batch = (fences?: string[]) => {
      const { changed, successor, already } = tables.commit(change, fences)
      this.note(notes.committed, changed)
      if (successor !== null) this.note(notes.committed, [successor])
      for (const digest of already) {
        notes.committed.set(digest, tables.history.revokedSince(digest))
      }
      return changed
    }
    if (isMade('bump-apart'))
      return this.twice(
        () => tables.bump(change.nowMs),
        () => batch(),
      )
    if (isMade('fences-apart')) return this.twice(() => [...tables.fences.keys()], batch)
    return () => batch()
  }

  /** What is people's: a change of a member (role null: removed) or of the account's name. */
  changePeople(
    accountId: string,
    change: { userId: string; role: string | null } | null,
    notes: Notes,
  ) {
    return this.write('people', change, () => {
      const { tables } = this
      const nowMs = this.scheduler.now + this.skew
      const keys =
        change === null
          ? tables.rename(accountId, nowMs)
          : tables.changeMember(accountId, change.userId, change.role, nowMs)
      this.note(notes.committed, keys)
    })
  }

  /** fence-registry.ts, for one fence. */
  registry(name: string, region: string): FenceRegistry {
    const { tables } = this
    const ask = <T>(operation: string, act: () => T | Act<T>) =>
      within('D1', registryTimeoutMs, this.call(this.writes, operation, name, act))
    return {
      register: (nowMs) =>
        ask('register', () =>
          isMade('register-apart')
            ? this.twice(
                () => tables.bump(nowMs),
                (seq: number) => {
                  tables.fences.set(name, { region, seq: tables.counter })
                  return seq
                },
              )()
            : tables.register(name, region, nowMs),
        ),
      retire: (seq) => ask('retire', () => tables.retire(name, seq)),
      ping: () => ask('ping', () => undefined),
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
    return within('D1', writeLimitMs, this.call(this.writes, operation, detail, act))
  }

  /** `act` answers at once, or says how it will. */
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

  /** For mistakes: two statements where there should be one. */
  private twice<First, T>(first: () => First, second: (before: First) => T): () => Act<T> {
    return () => {
      const before = first()
      return (answer) => this.later(() => answer(second(before)))
    }
  }

  private later(run: () => void): void {
    this.scheduler.after(this.network.delay() * 2 + 1, null, run)
  }

  private note(versions: Map<string, number>, digests: Iterable<string>): void {
    for (const digest of digests) versions.set(digest, this.tables.history.latest(digest))
  }

  private concerned(of: Parameters<KeyChanges['pending']>[0]): Iterable<string> {
    const { keys } = this.tables
    if (of === 'all') return keys.keys()
    if (!('accountId' in of)) return of
    return [...keys.values()]
      .filter((row) => row.accountId === of.accountId)
      .map((row) => row.digest)
  }
}
