import { useState } from 'react'
import type { Key, KeyFilter } from './api.ts'

export type Selection = {
  keys: ReadonlyMap<string, Key>
  set: (keys: readonly Key[], isSelected: boolean) => void
  clear: () => void
}

const none: ReadonlyMap<string, Key> = new Map()

/** Over the pages of one filter: what a person does not see any more because of another filter is not selected. */
export function useSelection(filter: KeyFilter): Selection {
  const of = JSON.stringify(filter)
  const [state, setState] = useState({ of, keys: none })
  const keys = state.of === of ? state.keys : none
  return {
    keys,
    set(changed, isSelected) {
      const next = new Map(keys)
      for (const key of changed) {
        if (isSelected) next.set(key.id, key)
        else next.delete(key.id)
      }
      setState({ of, keys: next })
    },
    clear: () => setState({ of, keys: none }),
  }
}
