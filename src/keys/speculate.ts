// A provisional decision from memory, for work that starts before the verdict and is discarded if the
// verdict differs. It is never an answer: only `verify` gives those.
import { recogniseToken } from '../core/foreign.ts'
import { digestOf } from '../core/token.ts'
import { type AccessRequest, type Decision, decide, type VerdictConfig } from '../core/verdict.ts'
import type { Memory } from '../storage/memory.ts'

/**
 * Decides from the record in memory, even after its lease has run out; null when there is none. The tag is
 * not checked: memory holds only digests of tokens that `verify` has checked.
 */
export async function speculate(
  { memory }: { memory: Memory },
  { config, now }: { config: VerdictConfig; now(): number },
  token: string,
  request: AccessRequest,
): Promise<Decision | null> {
  if (recogniseToken(token, config) === null) return null
  const held = memory.get(await digestOf(token))
  // Only the meter can decide about a request with a limited key.
  if (held === null || held.record.limits !== null) return null
  return decide(held.record, request, now(), config)
}
