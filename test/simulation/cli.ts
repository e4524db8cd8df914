// The command line of the simulations.
import { parseArgs } from 'node:util'

export type RunOptions = { seeds: number; from: number; trace: boolean; single: boolean }

const usage = `Usage: npm run simulate -- [--seeds N] [--from SEED] [--trace] [--single]

  --seeds N      number of histories (default 1000)
  --from SEED    the first seed (default 1)
  --trace        print the trace of each history
  --single       one thread`

/** The options, or null after printing the usage. */
export function readRunOptions(args: string[]): RunOptions | null {
  try {
    const { values } = parseArgs({
      args,
      options: {
        seeds: { type: 'string', default: '1000' },
        from: { type: 'string', default: '1' },
        trace: { type: 'boolean', default: false },
        single: { type: 'boolean', default: false },
      },
    })
    const [seeds, from] = [Number(values.seeds), Number(values.from)]
    const isWhole =
      Number.isSafeInteger(seeds) && seeds > 0 && Number.isSafeInteger(from) && from >= 0
    if (isWhole) return { ...values, seeds, from }
  } catch {}
  console.error(usage)
  return null
}
