// Other orders of a list.
import type { Random } from '../simulation/random.ts'

/** The same items in random order (Fisher and Yates). */
export function shuffled<T>(list: readonly T[], random: Random): T[] {
  const items = [...list]
  for (let at = items.length - 1; at > 0; at--) {
    const other = random.int(at + 1)
    const [one, two] = [items[at] as T, items[other] as T]
    items[at] = two
    items[other] = one
  }
  return items
}
