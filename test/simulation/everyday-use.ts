// Steps of everyday use: verifications, changes of keys and members, the reconciler.
import {
  issueNow,
  randomChange,
  randomIsolate,
  scheduleReaders,
  scheduleReadersWithin,
  send,
  withRandomKey,
} from './actors.ts'
import { reconcile, sendLater } from './clients.ts'
import { verifyLater } from './readers.ts'
import { accounts, bulk, changePeople, changeStanding, creators } from './requests.ts'
import type { Standing } from './tables.ts'
import type { World } from './world.ts'

export const everydayUse = {
  verify(world: World): void {
    withRandomKey(world, (key) =>
      verifyLater(world, randomIsolate(world), key, world.random.int(100)),
    )
  },

  /** A change of one key with readers around it, sometimes followed by a second change. */
  change(world: World): void {
    const { random } = world
    withRandomKey(world, (key) => {
      const delay = random.int(500)
      sendLater(world, randomIsolate(world), randomChange(world, key), delay)
      // A read just before the change holds the longest lease on the old state.
      scheduleReadersWithin(world, key, 3, delay + 200)
      scheduleReaders(world, key, 3)
      if (random.is(0.25)) {
        sendLater(world, randomIsolate(world), randomChange(world, key), random.int(3_000))
      }
    })
  },

  burst(world: World): void {
    withRandomKey(world, (key) => scheduleReaders(world, key, 6))
    // Other keys may evict it from a small memory.
    withRandomKey(world, (key) => scheduleReaders(world, key, 3))
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
    send(world, bulk(random.one(accounts), selection))
    if (random.is(0.5)) issueNow(world)
    withRandomKey(world, (key) => scheduleReaders(world, key, 3))
  },

  people(world: World): void {
    const { random } = world
    const role = random.one(['admin', 'member', 'owner', null])
    const member = { kind: 'member', userId: random.one(creators), role } as const
    const change = random.is(0.2) ? ({ kind: 'rename' } as const) : member
    send(world, changePeople(random.one(accounts), change))
    withRandomKey(world, (key) => scheduleReaders(world, key, 3))
  },

  /** Suspends or closes the account of a key, or takes it back; the key may change meanwhile, and the opposite follow. */
  suspend(world: World): void {
    const { random, d1 } = world
    withRandomKey(world, (key) => {
      const { accountId } = key
      const [held, begin, end] = random.is(0.7)
        ? ([d1.tables.suspended, 'suspend', 'resume'] as const)
        : ([d1.tables.closing, 'close', 'reopen'] as const)
      const isHeld = held.has(accountId)
      const sendAt = (kind: Standing, delay: number) =>
        sendLater(world, randomIsolate(world), changeStanding(accountId, kind), delay)
      const delay = random.int(500)
      sendAt(isHeld ? end : begin, delay)
      scheduleReadersWithin(world, key, 3, delay + 200)
      scheduleReaders(world, key, 3)
      if (random.is(0.3)) send(world, randomChange(world, key))
      const later = delay + random.int(random.one([500, 8_000]))
      if (random.is(0.5)) sendAt(isHeld ? begin : end, later)
    })
  },

  reconcile(world: World): void {
    const actor = world.newActor('reconcile', world.swarm.settlerLag)
    actor.crashProbability = world.swarm.crashProbability
    world.scheduler.after(0, actor, () => void reconcile(world))
  },
}
