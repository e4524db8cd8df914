/** @throws Error always. @param sentence names the invalid setting and the reason, without a full stop. */
export function fail(sentence: string): never {
  throw new Error(`latchkey.config.ts: ${sentence}.`)
}
