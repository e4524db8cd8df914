// Known mistakes in fast limits: each must be killed.
import { type Mutant, patch } from '../../mutants/mutant.ts'

const fast = 'src/limits/fast-meters.ts'
const meter = 'src/limits/meter.ts'

function mutant(name: string, file: string, find: string, put: string): Mutant {
  return { name, ...patch(file, find, put) }
}

export const fastMutants: Mutant[] = [
  mutant(
    'an answer without what the isolate let pass since',
    fast,
    'const unheard = known.unreported + inCalls(known) + asked',
    'const unheard = 0 * asked',
  ),
  mutant(
    'an answer without what is on its way to the meter',
    fast,
    'const unheard = known.unreported + inCalls(known) + asked',
    'const unheard = known.unreported + asked',
  ),
  mutant('passes that the isolate does not count', fast, '      known.state = next\n', ''),
  mutant(
    'an older answer that replaces a newer one',
    fast,
    'call.heard === known.heard || isLater(answer.buckets, known.heard)',
    'true as boolean',
  ),
  mutant(
    'knowledge of any age',
    fast,
    'now - known.askedAt > maxAgeMs',
    'known.askedAt === Number.NEGATIVE_INFINITY',
  ),
  mutant(
    'an age counted from the answer',
    fast,
    'Math.max(known.askedAt, call.sentAt)',
    'Math.max(known.askedAt, this.now())',
  ),
  mutant(
    'a report that failed and is not repeated',
    fast,
    'if (isOpen) known.unreported += call.passed',
    '',
  ),
  mutant('reports of one request each', fast, 'passed: known.unreported, asks', 'passed: 1, asks'),
  mutant(
    'the clocks of isolate and meter compared',
    fast,
    '...heard[at], atMs }',
    'atMs, ...heard[at] }',
  ),
  {
    name: 'a question that the isolate does not count before its answer',
    patches: [
      {
        file: fast,
        find: 'if (asks) known.state = withAdmitted',
        put: 'if (asks && pending < 0) known.state = withAdmitted',
      },
      { file: fast, find: 'inCalls(known) + asked', put: 'inCalls(known) + 0 * asked' },
    ],
  },
  mutant(
    'a pass for want of an answer',
    fast,
    "if (answer.outcome === 'unavailable') return answer\n",
    "if (answer.outcome === 'unavailable') return decideConsumption(known.state, terms, oneRequest, this.now()).result\n",
  ),
  mutant(
    'a meter that counts no more than its limit',
    meter,
    'withAdmitted(stateAt(this.state, terms, nowMs), terms, passed)',
    'withAdmitted(stateAt(this.state, terms, nowMs), terms, Math.min(passed, 1))',
  ),
  mutant(
    'a meter that does not assume what is on its way',
    meter,
    'withAdmitted(counted, terms, pending)',
    'counted',
  ),
  mutant(
    'reports that the meter does not store',
    meter,
    'if (hasPassed || passed > 0) this.keep(next, nowMs)',
    'if (hasPassed) this.keep(next, nowMs)',
  ),
]
