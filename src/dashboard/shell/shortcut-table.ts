// The keyboard shortcuts: one table, which the listener follows and the help shows. Pure.
import type { SignedIn } from '../session/signed-in.tsx'
import { pagesOf } from './navigation.tsx'

export type Shortcut = {
  /** As `KeyboardEvent.key` names them, one after the other; `mod+k`: with Ctrl or ⌘. */
  keys: string
  name: string
  does: 'palette' | 'search' | 'help' | { path: string }
}

/** After `g`. */
const letters: Record<string, string> = {
  '/overview': 'o',
  '/keys': 'k',
  '/requests': 'r',
  '/webhooks': 'w',
  '/members': 'm',
  '/audit-log': 'a',
  '/scopes': 's',
}

export function shortcutsOf(signedIn: SignedIn): Shortcut[] {
  const pages = pagesOf(signedIn).filter(({ path }) => path in letters)
  return [
    { keys: 'mod+k', name: 'Find pages, actions and keys', does: 'palette' },
    { keys: '/', name: 'Search this list', does: 'search' },
    ...(signedIn.canChange
      ? [{ keys: 'c', name: 'Create API key', does: { path: '/keys/new' } }]
      : []),
    ...pages.map(({ path, name }) => ({
      keys: `g ${letters[path]}`,
      name: `Go to ${name}`,
      does: { path },
    })),
    { keys: '?', name: 'Show these shortcuts', does: 'help' },
  ]
}

type Pressed = Pick<KeyboardEvent, 'key' | 'ctrlKey' | 'metaKey' | 'altKey'>

/** `mod+k`, or the key alone; null: no shortcut begins with it. */
export function pressedKey({ key, ctrlKey, metaKey, altKey }: Pressed): string | null {
  if (altKey || key.length !== 1) return null
  const name = key.toLowerCase()
  return ctrlKey || metaKey ? `mod+${name}` : name
}
