// A store that does not answer, and how long it is waited for. Apart from D1's own room, so that checking a
// key evaluates nothing of it.

/** A store did not answer, or failed: the answer is not known. Never to be told as a refusal. */
export class StoreUnavailable extends Error {
  constructor(store: string, cause: unknown) {
    super(`${store} is unavailable`, { cause })
    this.name = 'StoreUnavailable'
  }
}

/**
 * The outcome of work, or StoreUnavailable when it fails or takes longer than `limitMs`. Work that
 * is given up goes on by itself: a write may still happen.
 */
export async function within<T>(store: string, limitMs: number, work: PromiseLike<T>): Promise<T> {
  const { promise: limit, reject } = Promise.withResolvers<never>()
  const timer = setTimeout(() => reject(new Error(`no answer in ${limitMs} ms`)), limitMs)
  try {
    return await Promise.race([work, limit])
  } catch (cause) {
    throw new StoreUnavailable(store, cause)
  } finally {
    clearTimeout(timer)
  }
}
