// What the command lines of both simulations share: results, totals, and the display of one seed.

export type Result = { seed: number; violation: string | null; counts: Record<string, number> }

/** @param lines receives the trace; null: no trace is kept. */
export type RunSeed = (seed: number, lines?: string[] | null) => Result

export function addCounts(
  total: Record<string, number>,
  counts: Readonly<Record<string, number>>,
): void {
  for (const [name, count] of Object.entries(counts)) total[name] = (total[name] ?? 0) + count
}

export function showSeed(runSeed: RunSeed, seed: number): void {
  const lines: string[] = []
  const { violation } = runSeed(seed, lines)
  console.log(lines.join('\n'))
  console.log(`Seed ${seed}: ${violation ?? 'no violation'}`)
}
