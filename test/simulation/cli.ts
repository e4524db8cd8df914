// `npm run simulate`: what is asked for on the command line.
import { parseArgs } from 'node:util'

export type CreditInput = { seeds: number; from: number; trace: boolean; single: boolean }

const usage = `Usage: npm run simulate -- [--seeds N] [--from SEED] [--trace] [--single]

  --seeds N      how many histories (default 1000)
  --from SEED    the first seed (default 1)
  --trace        print the trace of each history
  --single       one thread`

/** What is wished for, or null when it cannot be understood (and says so). */
export function readCreditInput(args: string[]): CreditInput | null {
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
