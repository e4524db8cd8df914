// What the palette finds: pages and actions by their words. Pure.
export type Entry = {
  id: string
  name: string
  /** Beside the name. */
  hint?: string
  /** The keys of its shortcut. */
  keys?: string | undefined
  run: () => void
}

export type EntryGroup = { label: string; items: Entry[] }

/** Each word that was typed begins a word of the name, in any order. */
export function matches({ name }: Pick<Entry, 'name'>, typed: string): boolean {
  const words = name.toLowerCase().split(/\s+/)
  const wanted = typed.toLowerCase().split(/\s+/).filter(Boolean)
  return wanted.every((part) => words.some((word) => word.startsWith(part)))
}

export function groupsOf(groups: readonly EntryGroup[]): EntryGroup[] {
  return groups.filter(({ items }) => items.length > 0)
}
