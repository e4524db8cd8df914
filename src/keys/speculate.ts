// What this isolate last knew of a key, for work that may begin before the verdict is there and is
// thrown away if it is another. Never an answer: `verify` gives those.
import type { Config } from '../core/config.ts'
import { recogniseToken } from '../core/foreign.ts'
import { digestOf } from '../core/token.ts'
import { type AccessRequest, type Decision, decide } from '../core/verdict.ts'
import type { Memory } from '../storage/memory.ts'

/**
 * What the record in memory says, whether or not its lease still runs; null when there is none.
 * Memory holds only what `verify` found, and so no token whose shape or tag was not checked.
 */
export async function speculate(
  { memory }: { memory: Memory },
  {
    config,
    now,
  }: { config: Pick<Config, 'formats' | 'foreign' | 'roles' | 'scopes'>; now(): number },
  token: string,
  question: AccessRequest,
): Promise<Decision | null> {
  if (recogniseToken(token, config) === null) return null
  const held = memory.get(await digestOf(token))
  // A limited key's requests are counted one by one: nobody can tell ahead whether this one passes.
  if (held === null || held.record.limits !== null) return null
  return decide(held.record, question, now(), config)
}
