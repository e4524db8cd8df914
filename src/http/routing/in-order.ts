// A Worker may have six connections open at once: a call that waits for one would use up its timeout.
const maxConcurrency = 6

/** Results in the order of the items, a few at a time; the first failure is thrown. */
export async function inOrder<Item, Result>(
  items: readonly Item[],
  work: (item: Item) => Promise<Result>,
): Promise<Result[]> {
  const results: Result[] = []
  const queue = items.entries()
  const worker = async () => {
    for (const [at, item] of queue) results[at] = await work(item)
  }
  await Promise.all(Array.from({ length: maxConcurrency }, worker))
  return results
}
