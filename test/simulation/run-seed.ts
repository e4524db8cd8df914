// The history of one seed.
import { runFinalChecks } from './final-checks.ts'
import type { Result } from './histories.ts'
import { runScenario } from './scenario.ts'
import { World } from './world.ts'

/** @param lines receives the trace; null: no trace is kept. */
export function runSeed(seed: number, lines: string[] | null = null): Result {
  const world = new World(seed, lines)
  world.run(async () => {
    await runScenario(world)
    await runFinalChecks(world)
  })
  const { counts, network, fenceHost, scheduler, d1 } = world
  for (const [fault, count] of Object.entries(network.faults)) counts[`fault: ${fault}`] = count
  for (const [what, count] of Object.entries(fenceHost.counts)) counts[`fence ${what}`] = count
  counts['fault: crashes'] = scheduler.crashes
  counts['bulk raises of a group'] = d1.tables.groupRaises
  counts.events = scheduler.events
  return { seed, violation: world.violation, counts }
}
