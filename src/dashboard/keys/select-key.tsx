// The checkboxes of the list. Those of the browser: a page has 26 of them, and each of the library's is a tree of its own.
import type { Key } from './api.ts'
import type { Selection } from './use-selection.ts'

export const selectColumn = 'w-8 pr-0'

const look =
  'size-4 cursor-pointer align-middle accent-kumo-brand outline-none focus-visible:ring-2 focus-visible:ring-kumo-focus'

type Props = { value: Key; selection: Selection }

/** A revoked key stays as it is. */
export function SelectKey({ value, selection }: Props) {
  if (value.status === 'revoked') return null
  return (
    <input
      type="checkbox"
      className={look}
      aria-label={`Select ${value.name}`}
      checked={selection.keys.has(value.id)}
      onChange={(event) => selection.set([value], event.currentTarget.checked)}
    />
  )
}

/** Selects all keys of the page. */
export function SelectPage({ keys, selection }: { keys: readonly Key[]; selection: Selection }) {
  const open = keys.filter(({ status }) => status !== 'revoked')
  const selected = open.filter(({ id }) => selection.keys.has(id))
  const isAll = open.length > 0 && selected.length === open.length
  return (
    <input
      type="checkbox"
      className={look}
      aria-label="Select all keys of this page"
      disabled={open.length === 0}
      checked={isAll}
      ref={(box) => {
        if (box) box.indeterminate = selected.length > 0 && !isAll
      }}
      onChange={() => selection.set(open, !isAll)}
    />
  )
}
