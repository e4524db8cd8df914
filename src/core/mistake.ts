// How a wrong configuration is refused.

/** @throws Error always: a sentence that names the setting and why it is wrong. */
export function fail(sentence: string): never {
  throw new Error(`latchkey.config.ts: ${sentence}.`)
}
