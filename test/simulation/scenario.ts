// What happens in a world: drawn step by step, so that no two seeds are alike.
import { issueNow } from './actors.ts'
import { disasters } from './faults.ts'
import { seasons } from './long-running.ts'
import { verifyLater } from './readers.ts'
import { account, creators } from './requests.ts'
import type { Action } from './swarm.ts'
import { use } from './use.ts'
import { marginMs, type World } from './world.ts'

type Step = (world: World) => void | Promise<void>

const steps: Record<Action, Step> = { ...use, ...disasters, ...seasons }

export async function tell(world: World): Promise<void> {
  const { swarm, random } = world
  await begin(world)
  for (let step = 0; step < swarm.steps; step++) {
    const action = random.weighted(swarm.actions)
    world.count(`step ${action}`)
    world.trace?.('STORY', action)
    await steps[action](world)
    await world.pause(gap(world))
  }
}

/** Some people, some isolates, some keys, and who has asked for them before. */
async function begin(world: World): Promise<void> {
  const { swarm, d1, random } = world
  for (const role of creators) d1.tables.members.set(`${account}/${role}`, role)
  for (const region of swarm.regions) {
    for (let count = swarm.isolatesPerRegion; count > 0; count--) {
      world.startIsolate(region, random.one(swarm.shardCounts))
    }
  }
  for (let keys = swarm.keys; keys > 0; keys--) issueNow(world)
  await world.pause(400)
  for (const key of world.keys) {
    for (const isolate of world.isolates) {
      if (random.is(0.6)) verifyLater(world, isolate, key, random.int(1_000))
    }
  }
  await world.pause(random.int(2_000))
}

/** Time until the next step: most steps meet what the ones before them began. */
function gap({ random, swarm }: World): number {
  const wait = swarm.leaseMs + marginMs
  const most = random.weighted({ 5: 3, 300: 3, [wait * 1.5]: 3, 12000: 1.5, 90000: 0.2 })
  return random.int(Number(most))
}
