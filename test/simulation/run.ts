// One seed, from its beginning to its end.
import { conclude } from './ending.ts'
import { tell } from './scenario.ts'
import { World } from './world.ts'

export type Result = { seed: number; violation: string | null; counts: Record<string, number> }

/** @param lines where the trace goes; null: it is not kept. */
export function runSeed(seed: number, lines: string[] | null = null): Result {
  const world = new World(seed, lines)
  world.run(async () => {
    await tell(world)
    await conclude(world)
  })
  const { counts, network, house, scheduler, d1 } = world
  for (const [fault, count] of Object.entries(network.faults)) counts[`fault: ${fault}`] = count
  for (const [what, count] of Object.entries(house.counts)) counts[`fence ${what}`] = count
  counts['fault: deaths'] = scheduler.deaths
  counts['bulk raises of all'] = d1.tables.starRaises
  counts.events = scheduler.events
  return { seed, violation: world.violation, counts }
}
