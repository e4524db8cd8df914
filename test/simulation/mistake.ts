// The mistake that this world is to make on purpose, where it cannot be patched into the source because
// a double stands in its place (SQL, the platform). See mutants.ts.

export type Mistake =
  | 'asof-apart'
  | 'bump-apart'
  | 'fences-apart'
  | 'register-apart'
  | 'plain-counter'
  | 'settled-regardless'
  | 'star-overlooked'
  | 'retire-regardless'
  | 'trigger-without-raise'
  | 'answer-before-durable'

const made = process.env.LATCHKEY_MISTAKE

export function isMade(mistake: Mistake): boolean {
  return made === mistake
}
