// The restore of D1 by the procedure of scripts/restore.ts.

import { fenceNames } from '../../src/coherence/regions.ts'
import { resetFences } from '../../src/coherence/restore.ts'
import { createRequestContext } from './clients.ts'
import type { World } from './world.ts'

type Backup = NonNullable<World['backup']>

/** Assumed: a restore takes longer than clocks differ (README.md). */
const restoreMs = 1_000

/** Runs as an actor of its own while changes are stopped: restore, reset every fence, wait, resume. */
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
  history.guarantee(versions)
  world.trace?.('operator', 'resumes')
  world.areChangesStopped = false
}

/** Retries, as scripts/restore.ts does, until every fence has acknowledged its reset. */
async function resetAll(world: World, before: readonly string[]): Promise<void> {
  for (let times = 1; ; times++) {
    const { stores, settings } = createRequestContext(world, null, [])
    const listed = await world.d1.listFences()
    const possible = world.swarm.fencesPerRegion.flatMap(fenceNames)
    const names = [...new Set([...before, ...listed, ...possible])]
    const missing = await resetFences(stores, settings, names)
    if (missing.length === 0) return
    // Each attempt resets every fence, so a fault rate of a few percent would never let it finish.
    if (times === 3) world.stopFaults()
  }
}

/** The operator repeats a command that fails. */
async function persist<T>(world: World, run: () => Promise<T>): Promise<T> {
  for (;;) {
    try {
      return await run()
    } catch {
      await world.pause(1_000)
    }
  }
}
