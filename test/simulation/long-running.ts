// Steps that cover days: alarms, long use, and a restore of D1.
import { randomChange, scheduleReaders, send, withRandomKey } from './actors.ts'
import { congest, faults } from './faults.ts'
import { verifyLater } from './readers.ts'
import { reimport } from './requests.ts'
import { restore } from './restore.ts'
import { noLag } from './scheduler.ts'
import type { World } from './world.ts'

const hour = 3_600_000

export const longRunning = {
  /** Waits until just before the next alarm of a fence, so that it meets changes and reads. */
  async nextAlarm(world: World): Promise<void> {
    const { random, fenceHost, scheduler } = world
    for (let times = 1 + random.int(3); times > 0; times--) {
      const time = fenceHost.nextAlarm()
      if (time === null) return
      await world.pause(Math.max(0, time - scheduler.now - random.int(60)))
      if (times > 1) await world.pause(12_000)
    }
    withRandomKey(world, (key) => {
      scheduleReaders(world, key, 3)
      if (random.is(0.6)) send(world, randomChange(world, key))
    })
  },

  /** Nine days of use: floors expire, and no fence is idle for long enough to retire. */
  async longUse(world: World): Promise<void> {
    const { random } = world
    for (let days = 9; days > 0; days--) {
      await world.pause(24 * hour - random.int(hour))
      for (const isolate of world.isolates) {
        withRandomKey(world, (key) => verifyLater(world, isolate, key, random.int(1_000)))
      }
    }
  },

  /** The first call makes a backup; later calls restore it. */
  restore(world: World): void {
    const { random, d1, backup, links } = world
    if (backup === null) {
      world.backup = d1.tables.copy()
      return
    }
    // The procedure allows one restore at a time.
    if (world.areChangesStopped) return
    world.areChangesStopped = true
    world.scheduler.after(0, world.newActor('operator', noLag), async () => {
      // A fence may be registering at that moment.
      await restore(world, backup, () => {
        congest(world, [links.writes], 4_000)
        faults[random.one(['openRegion', 'loseStorage'] as const)](world)
      })
      for (const key of world.keys) {
        scheduleReaders(world, key, 3)
        if (random.is(0.3)) send(world, randomChange(world, key))
        const isLost = !d1.tables.keys.has(key.digest)
        if (isLost && random.is(0.5)) send(world, reimport(world, key))
      }
    })
    // Readers continue during the restore.
    withRandomKey(world, (key) => scheduleReaders(world, key, 6))
  },
}
