// The storage of a fence's object, in memory. It mirrors the statements of open-fence.ts.
import type { FenceBase, FenceStorage, Floor } from '../../src/coherence/fence.ts'
import { isGroup } from '../../src/core/subject.ts'

/** What survives an eviction. */
export type FenceContent = {
  base: FenceBase | null
  floors: Map<string, { seq: number; raisedAt: number }>
  alarmAt: number | null
}

export type StorageContext = {
  /** Runs the write when it becomes durable. */
  write(save: () => void): void
  wakeAt(time: number): void
  onPruned(count: number): void
}

export function createFenceStorage(
  stored: FenceContent,
  { write, wakeAt, onPruned }: StorageContext,
): FenceStorage {
  // What the object reads of its own storage; `stored` has what is durable.
  const floors = new Map(stored.floors)
  const above = (seq: number, isWanted: (subject: string) => boolean): Floor[] =>
    [...floors]
      .filter(([subject, floor]) => floor.seq > seq && isWanted(subject))
      .map(([subject, floor]) => [subject, floor.seq] as const)
  const raisedUntil = (time: number) => [...floors].filter(([, { raisedAt }]) => raisedAt <= time)
  return {
    loadBase: () => stored.base,
    saveBase: (base) =>
      write(() => {
        stored.base = base
      }),
    floorOf: (subject) => floors.get(subject)?.seq ?? 0,
    saveFloor([subject, seq], raisedAt) {
      floors.set(subject, { seq, raisedAt })
      write(() => void stored.floors.set(subject, { seq, raisedAt }))
    },
    groupsAbove: (seq) => above(seq, isGroup),
    newestDigests: (seq, limit) =>
      above(seq, (subject) => !isGroup(subject))
        .sort(([, left], [, right]) => right - left)
        .slice(0, limit),
    highestRaisedUntil(time) {
      const seqs = raisedUntil(time).map(([, { seq }]) => seq)
      return seqs.length === 0 ? null : Math.max(...seqs)
    },
    removeRaisedUntil(time) {
      const removed = raisedUntil(time).map(([subject]) => subject)
      if (stored.base?.minSeq != null) onPruned(removed.length)
      for (const subject of removed) floors.delete(subject)
      write(() => {
        for (const subject of removed) stored.floors.delete(subject)
      })
    },
    countFloors: () => floors.size,
    // As in open-fence.ts: an alarm that is already set is kept.
    wakeAt: (time) =>
      write(() => {
        if (stored.alarmAt === null) wakeAt(time)
      }),
  }
}
