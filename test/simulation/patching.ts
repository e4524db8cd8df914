// Mistakes made in the real source, as it is loaded: in a process of its own.
import { registerHooks } from 'node:module'

/** `find` is replaced; it must be there once. */
export type Patch = { file: string; find: string; put: string }

const root = new URL('../../', import.meta.url).href

/**
 * From now on what is loaded has the patches in it.
 * @returns a check, once all is loaded, that none was missed: it throws otherwise.
 */
export function patchSource(name: string, patches: readonly Patch[]): () => void {
  const applied = new Set<Patch>()

  /** @throws Error when the text is not there, or more than once. */
  function apply(source: string, patch: Patch): string {
    const parts = source.split(patch.find)
    if (parts.length !== 2) {
      throw new Error(`"${name}": ${patch.file} has ${parts.length - 1} times: ${patch.find}`)
    }
    applied.add(patch)
    return parts.join(patch.put)
  }

  registerHooks({
    load(url, context, next) {
      const loaded = next(url, context)
      const own = patches.filter(({ file }) => url === root + file)
      if (own.length === 0) return loaded
      return { ...loaded, source: own.reduce(apply, String(loaded.source)) }
    },
  })
  return () => {
    const missed = patches.find((patch) => !applied.has(patch))
    if (missed !== undefined) throw new Error(`"${name}": never loaded ${missed.file}`)
  }
}
