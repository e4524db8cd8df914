// Mutants that the soak must kill, patched into the source as it is bundled.
import type { Patch } from '../../test/simulation/patching.ts'

/** `violation`: what the soak must report. */
export type Mutant = { patches: Patch[]; violation: RegExp }

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
    '    ...(audit === null ? [] : [recordChanges(audit, nowMs)]),\n    leaveRaises(change),\n',
    '    ...(audit === null || nowMs % 10 === 0 ? [] : [recordChanges(audit, nowMs)]),\n    leaveRaises(change),\n',
    /audit/,
  ),
}
