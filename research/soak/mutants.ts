// Mutants that the soak must kill, patched into the source as it is bundled.
import type { Patch } from '../../test/simulation/patching.ts'
import type { StoreName } from './commands.ts'

/** `violation`: what the soak must report. `faulty`: the stores that fail; absent: all. */
export type Mutant = { patches: Patch[]; violation: RegExp; faulty?: readonly StoreName[] }

const mutant = (file: string, find: string, put: string, violation: RegExp): Mutant => ({
  patches: [{ file, find, put }],
  violation,
})

export const mutants: Record<string, Mutant> = {
  'settle-skipped': mutant(
    'src/keys/change.ts',
    'const regions = await settling',
    'const regions: string[] = []',
    /STALE PASS/,
  ),
  'no-wait': mutant(
    'src/coherence/settle.ts',
    '  await sleepUntil(from + leaseMs + marginMs, clock)\n',
    '',
    /STALE PASS/,
  ),
  'no-fence': mutant(
    'src/keys/look-up.ts',
    'answer !== null && record.asOf >= requiredByAnswer(answer, question, record)',
    'true',
    /STALE PASS/,
  ),
  'outage-is-a-401': mutant(
    'src/keys/verify.ts',
    'return { ...unavailable, cause: error }',
    'return { ...invalid, cause: error }',
    /was active got 401 invalid_api_key/,
  ),
  'audit-row-lost': mutant(
    'src/storage/key-changes.ts',
    '    update,\n    ...(audit === null ? [] : [recordChanges(audit, nowMs)]),\n',
    '    update,\n    ...(audit === null || nowMs % 10 === 0 ? [] : [recordChanges(audit, nowMs)]),\n',
    /audit/,
  ),
  'spent-credits-forgotten': mutant(
    'src/limits/merged-writes.ts',
    '      store.save(state, used)\n',
    '',
    /OVERSPENT/,
  ),
  'counted-twice': {
    ...mutant(
      'src/usage/ledger.ts',
      'const { fresh, seen } = this.unknown(parts, nowMs)',
      'const { seen } = this.unknown(parts, nowMs)\n    const fresh = parts',
      /are counted/,
    ),
    // Among all faults a message is rarely delivered twice within minutes.
    faulty: ['USAGE', 'USAGE_COUNTS'],
  },
}
