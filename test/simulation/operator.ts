// What operators do: take D1 back to an earlier time, as scripts/restore.ts and routes/operations.ts do.

import { fenceNames } from '../../src/coherence/regions.ts'
import { resetFences } from '../../src/coherence/restore.ts'
import { openDesk } from './managers.ts'
import type { World } from './world.ts'

type Backup = NonNullable<World['backup']>

/** A restore takes longer than clocks differ: see README.md, what is assumed. */
const restoreMs = 1_000

/** Changes are stopped: restore, reset every fence, wait, resume. Run as an actor of its own. */
export async function restore(world: World, backup: Backup, justBefore: () => void): Promise<void> {
  const { d1, history, random } = world
  world.count('restored')
  while ([...world.changers].some(({ isAlive }) => isAlive)) await world.pause(500)
  world.changers.clear()
  const before = await persist(world, () => d1.listFences())
  justBefore()
  await world.pause(random.int(2_000))
  d1.tables.restore(backup)
  world.trace?.('operator', 'restored D1', `counter ${backup.counter}`)
  const versions = new Map(history.digests().map((digest) => [digest, history.latest(digest)]))
  await world.pause(restoreMs + random.int(1_000))
  await persist(world, () => resetAll(world, before))
  history.promise(versions)
  world.trace?.('operator', 'resumes')
  world.isStopped = false
}

/** The loop of scripts/restore.ts around routes/operations.ts. */
async function resetAll(world: World, before: readonly string[]): Promise<void> {
  for (let times = 1; ; times++) {
    const { stores, settings } = openDesk(world, null, [])
    const listed = await world.d1.listFences()
    const possible = world.swarm.shardCounts.flatMap(fenceNames)
    const names = [...new Set([...before, ...listed, ...possible])]
    const missing = await resetFences(stores, settings, names)
    if (missing.length === 0) return
    // It asks all of them again each time; when a few in a hundred fail, that has no end.
    if (times === 3) world.stopFaults()
  }
}

/** An operator whose command fails runs it again. */
async function persist<T>(world: World, run: () => Promise<T>): Promise<T> {
  for (;;) {
    try {
      return await run()
    } catch {
      await world.pause(1_000)
    }
  }
}
