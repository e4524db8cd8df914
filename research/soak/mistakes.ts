// Mistakes that the soak must find: made in the source as it is built, never in the source.
import type { Patch } from '../../test/simulation/patching.ts'

export type Mistake = { patches: Patch[]; foundAs: RegExp }

const one = (file: string, find: string, put: string, foundAs: RegExp): Mistake => ({
  patches: [{ file, find, put }],
  foundAs,
})

export const mistakes: Record<string, Mistake> = {
  'settle-skipped': one(
    'src/keys/change.ts',
    'const regions = await settle(stores, settings, of)',
    'const regions: string[] = []',
    /STALE PASS/,
  ),
  'no-wait': one(
    'src/coherence/settle.ts',
    '  await sleepUntil(from + leaseMs + marginMs, clock)\n',
    '',
    /STALE PASS/,
  ),
  'no-fence': one(
    'src/keys/look-up.ts',
    'requiredSeq !== null && candidate !== null && candidate.record.asOf >= requiredSeq',
    'candidate !== null',
    /STALE PASS/,
  ),
  'outage-is-a-401': one(
    'src/keys/verify.ts',
    'return { ...unavailable, cause: error }',
    'return { ...invalid, cause: error }',
    /told 401 invalid_api_key/,
  ),
  'audit-row-lost': one(
    'src/storage/key-changes.ts',
    '    recordChanges(audit, nowMs),\n    leaveRaises(nowMs),\n',
    '    ...(nowMs % 10 === 0 ? [] : [recordChanges(audit, nowMs)]),\n    leaveRaises(nowMs),\n',
    /audit/,
  ),
}
