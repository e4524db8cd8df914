// Steps of everyday use: verifications, changes of keys and people, the drainer.
import { anywhere, ask, changeOf, issueNow, readers, readersWithin, withKey } from './actors.ts'
import { askLater, drain } from './managers.ts'
import { verifyLater } from './readers.ts'
import { bulk, changePeople, creators } from './requests.ts'
import type { World } from './world.ts'

export const use = {
  verify(world: World): void {
    withKey(world, (key) => verifyLater(world, anywhere(world), key, world.random.int(100)))
  },

  /** A change of one key, with readers around it, and sometimes another one on its heels. */
  change(world: World): void {
    const { random } = world
    withKey(world, (key) => {
      const delay = random.int(500)
      askLater(world, anywhere(world), changeOf(world, key), delay)
      // Whoever asks just before it holds the longest lease on what was.
      readersWithin(world, key, 3, delay + 200)
      readers(world, key, 3)
      if (random.is(0.25)) {
        askLater(world, anywhere(world), changeOf(world, key), random.int(3_000))
      }
    })
  },

  hammer(world: World): void {
    withKey(world, (key) => readers(world, key, 6))
    // Others may push it out of a small memory meanwhile.
    withKey(world, (key) => readers(world, key, 3))
  },

  create: issueNow,

  bulk(world: World): void {
    const { random, keys } = world
    const selection = random.one([
      { by: 'ids', ids: keys.filter(() => random.is(0.7)).map(({ id }) => id) } as const,
      { by: 'creator', createdBy: random.one(creators) } as const,
      { by: 'externalId', externalId: random.one(['x', 'y']) } as const,
      { by: 'account' } as const,
    ])
    ask(world, bulk(selection))
    if (random.is(0.5)) issueNow(world)
    withKey(world, (key) => readers(world, key, 3))
  },

  people(world: World): void {
    const { random } = world
    const role = random.one(['admin', 'member', 'owner', null])
    const change = random.is(0.2) ? null : { userId: random.one(creators), role }
    ask(world, changePeople(change))
    withKey(world, (key) => readers(world, key, 3))
  },

  drain(world: World): void {
    const actor = world.newActor('drain', world.swarm.settlerLag)
    actor.mortality = world.swarm.mortality
    world.scheduler.after(0, actor, () => void drain(world))
  },
}
