// The mistake that a test double makes on purpose, where the double replaces SQL or the platform and no source
// can be patched. See mutants/mutant.ts.

export type Mistake =
  | 'asof-apart'
  | 'bump-apart'
  | 'fences-apart'
  | 'register-apart'
  | 'plain-counter'
  | 'settled-regardless'
  | 'group-overlooked'
  | 'account-keys-overlooked'
  | 'retire-regardless'
  | 'trigger-without-raise'
  | 'answer-before-durable'
  | 'lease-from-answer'
  | 'suspension-not-read'
  | 'suspension-without-raise'
  | 'suspension-raises-one-key'
  | 'suspension-unsettled'
  | 'resumption-unsettled'

const injected = process.env.LATCHKEY_MISTAKE

export function isInjected(mistake: Mistake): boolean {
  return injected === mistake
}
