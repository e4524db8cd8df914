// Cursors of the list of keys: bound to the order and the filter of the list that made them.
import { readId } from '../../../core/id.ts'
import type { KeyPosition } from '../../../storage/key-place.ts'
import { decodeCursor, encodeCursor, fingerprint, notACursor } from '../../routing/paging.ts'

const parts = ['whole', 'exact', 'rest'] as const

/** @param list what a page shares with the next one. */
export function writeListCursor(list: unknown, { part, value, id }: KeyPosition): string {
  return encodeCursor([fingerprint(list), parts.indexOf(part), value ?? '', id].join('/'))
}

/** @throws Problem 400 for a cursor of another list */
export function readListCursor(list: unknown, cursor: string | undefined): KeyPosition | null {
  if (cursor === undefined) return null
  const [, at = '', value = '', id = ''] = decodeCursor(cursor).split('/')
  const part = parts[Number(at)]
  const isValue = value === '' || value === 'name' || /^-?\d{1,15}$/.test(value)
  if (part === undefined || !isValue || readId(id) !== id) throw notACursor()
  const known = value === '' ? null : value === 'name' ? value : Number(value)
  const position: KeyPosition = { part, value: known, id }
  if (writeListCursor(list, position) !== cursor) throw notACursor()
  return position
}
