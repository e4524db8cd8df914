// Steps that take long: alarms that ring after days, months of use, and a restore of D1.
import { ask, changeOf, readers, withKey } from './actors.ts'
import { congest, disasters } from './faults.ts'
import { restore } from './operator.ts'
import { verifyLater } from './readers.ts'
import { bringBack } from './requests.ts'
import { noLag } from './scheduler.ts'
import type { World } from './world.ts'

const hour = 3_600_000

export const seasons = {
  /** Nothing happens until a fence is about to be woken by its alarm. */
  async nextAlarm(world: World): Promise<void> {
    const { random, house, scheduler } = world
    for (let times = 1 + random.int(3); times > 0; times--) {
      const time = house.nextAlarm()
      if (time === null) return
      await world.pause(Math.max(0, time - scheduler.now - random.int(60)))
      if (times > 1) await world.pause(12_000)
    }
    withKey(world, (key) => {
      readers(world, key, 3)
      if (random.is(0.6)) ask(world, changeOf(world, key))
    })
  },

  /** Days of use: floors grow old, and no fence is idle for long enough to retire. */
  async longUse(world: World): Promise<void> {
    const { random } = world
    for (let days = 9; days > 0; days--) {
      await world.pause(24 * hour - random.int(hour))
      for (const isolate of world.isolates) {
        withKey(world, (key) => verifyLater(world, isolate, key, random.int(1_000)))
      }
    }
  },

  /** The first time a backup is made, from then on it is brought back. */
  restore(world: World): void {
    const { random, d1, backup, links } = world
    if (backup === null) {
      world.backup = d1.tables.copy()
      return
    }
    // One at a time: whoever resumes changes while another restores has not followed the procedure.
    if (world.isStopped) return
    world.isStopped = true
    world.scheduler.after(0, world.newActor('operator', noLag), async () => {
      // A fence may be registering just then.
      await restore(world, backup, () => {
        congest(world, [links.writes], 4_000)
        disasters[random.one(['openRegion', 'loseStorage'] as const)](world)
      })
      for (const key of world.keys) {
        readers(world, key, 3)
        if (random.is(0.3)) ask(world, changeOf(world, key))
        const isLost = !d1.tables.keys.has(key.digest)
        if (isLost && random.is(0.5)) ask(world, bringBack(world, key))
      }
    })
    // Readers go on all the while.
    withKey(world, (key) => readers(world, key, 6))
  },
}
