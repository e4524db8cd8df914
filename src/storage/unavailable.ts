// Timeouts of calls to stores, and the error for a store that fails. Separate from database.ts, so that verifying
// a key does not evaluate drizzle.

/** A store failed or did not answer in time: the outcome is unknown. It becomes a 503, never a refusal. */
export class StoreUnavailable extends Error {
  constructor(store: string, cause: unknown) {
    super(`${store} is unavailable`, { cause })
    this.name = 'StoreUnavailable'
  }
}

/**
 * Awaits work for at most `timeoutMs`. A timeout does not cancel the work: a write may still happen.
 * @throws StoreUnavailable when the work fails or takes longer
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
    throw new StoreUnavailable(store, cause)
  } finally {
    clearTimeout(timer)
  }
}
