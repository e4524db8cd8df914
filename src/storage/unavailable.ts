// Timeouts of calls to stores, and the error for a store that fails. Separate from database.ts, so that verifying
// a key does not evaluate drizzle.

/** A store failed or did not answer in time: the outcome is unknown. It becomes a 503, never a refusal. */
export class StoreUnavailable extends Error {
  constructor(store: string, cause: unknown) {
    super(`${store} is unavailable`, { cause })
    this.name = 'StoreUnavailable'
  }
}

// SQLite's codes and D1's own for a statement that fails however often it runs, and their texts where D1 omits the
// code. Every other failure (network, time-outs, overload, resets) may pass.
const deterministic = [
  /\bSQLITE_(ERROR|CONSTRAINT|MISMATCH|TOOBIG|RANGE|MISUSE|AUTH|PERM)/,
  /\bD1_(TYPE_ERROR|COLUMN_NOTFOUND)\b/,
  /\b(constraint failed|malformed JSON|datatype mismatch|string or blob too big)\b/i,
  /\b(no such (table|column|function)|syntax error|too many SQL variables|parameter bindings)\b/i,
]

/** Whether a statement failed deterministically: repeated, it fails again. A bug, never an outage. */
export function isDeterministic(error: unknown): boolean {
  for (let cause = error; cause instanceof Error; cause = cause.cause) {
    // Drizzle's own message is the statement, without the cause of its failure.
    if (cause.name === 'DrizzleQueryError' || cause.message.startsWith('Failed query:')) continue
    const { message } = cause
    if (deterministic.some((pattern) => pattern.test(message))) return true
  }
  return false
}

/**
 * Awaits work for at most `timeoutMs`. A timeout does not cancel the work: a write may still happen.
 * @throws StoreUnavailable when the work takes longer, or fails in a way that may pass; else the error itself
 */
export async function within<T>(
  store: string,
  timeoutMs: number,
  work: PromiseLike<T>,
): Promise<T> {
  const { promise: limit, reject } = Promise.withResolvers<never>()
  const timer = setTimeout(() => reject(new Error(`no answer in ${timeoutMs} ms`)), timeoutMs)
  try {
    return await Promise.race([work, limit])
  } catch (cause) {
    if (isDeterministic(cause)) throw cause
    throw new StoreUnavailable(store, cause)
  } finally {
    clearTimeout(timer)
  }
}
