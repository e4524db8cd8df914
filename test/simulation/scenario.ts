// The scenario of a seed: a random sequence of steps.
import { issueNow } from './actors.ts'
import { everydayUse } from './everyday-use.ts'
import { faults } from './faults.ts'
import { longRunning } from './long-running.ts'
import { verifyLater } from './readers.ts'
import { accounts, creators } from './requests.ts'
import type { Action } from './swarm.ts'
import { marginMs, type World } from './world.ts'

type Step = (world: World) => void | Promise<void>

const steps: Record<Action, Step> = { ...everydayUse, ...faults, ...longRunning }

export async function runScenario(world: World): Promise<void> {
  const { swarm, random } = world
  await setUp(world)
  for (let step = 0; step < swarm.steps; step++) {
    const action = random.weighted(swarm.actions)
    world.count(`step ${action}`)
    world.trace?.('SCENARIO', action)
    await steps[action](world)
    await world.pause(drawPause(world))
  }
}

/** Members, isolates, keys, and isolates that have verified them before. */
async function setUp(world: World): Promise<void> {
  const { swarm, d1, random } = world
  for (const account of accounts) {
    for (const role of creators) d1.tables.members.set(`${account}/${role}`, role)
  }
  for (const region of swarm.regions) {
    for (let count = swarm.isolatesPerRegion; count > 0; count--) {
      world.startIsolate(region, random.one(swarm.fencesPerRegion))
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

/** Mostly so short that a step overlaps the ones before it. */
function drawPause({ random, swarm }: World): number {
  const wait = swarm.leaseMs + marginMs
  const maxMs = random.weighted({ 5: 3, 300: 3, [wait * 1.5]: 3, 12000: 1.5, 90000: 0.2 })
  return random.int(Number(maxMs))
}
