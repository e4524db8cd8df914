// Mutants patch the real source as it is loaded.
import { registerHooks } from 'node:module'

/** Replaces `find`, which must occur exactly once in the file. */
export type Patch = { file: string; find: string; put: string }

const root = new URL('../../', import.meta.url).href

/** Applies patches to sources, and knows which of them were never applied. */
export function createPatcher(name: string, patches: readonly Patch[]) {
  const applied = new Set<Patch>()

  function apply(source: string, patch: Patch): string {
    const parts = source.split(patch.find)
    if (parts.length !== 2) {
      const times = parts.length - 1
      throw new Error(`"${name}": found ${times} times in ${patch.file}: ${patch.find}`)
    }
    applied.add(patch)
    return parts.join(patch.put)
  }

  return {
    hasPatches: (file: string) => patches.some((patch) => patch.file === file),
    /** @throws Error when a text does not occur exactly once. */
    patch: (file: string, source: string) =>
      patches.filter((patch) => patch.file === file).reduce(apply, source),
    /** @throws Error when a patched file was never loaded. */
    assertApplied(): void {
      const missed = patches.find((patch) => !applied.has(patch))
      if (missed !== undefined) throw new Error(`"${name}": ${missed.file} was never loaded`)
    },
  }
}

/**
 * Patches every module that this process loads from now on.
 * @returns an assertion, for when all is loaded, that every patch was applied.
 */
export function patchSource(name: string, patches: readonly Patch[]): () => void {
  const patcher = createPatcher(name, patches)
  registerHooks({
    load(url, context, next) {
      const loaded = next(url, context)
      const file = url.startsWith(root) ? url.slice(root.length) : ''
      if (!patcher.hasPatches(file)) return loaded
      return { ...loaded, source: patcher.patch(file, String(loaded.source)) }
    },
  })
  return patcher.assertApplied
}
