// Finds pages, actions and keys.
import { CommandPalette } from '@cloudflare/kumo/components/command-palette'
import { Dialog } from '@cloudflare/kumo/components/dialog'
import { useState } from 'react'
import { useLocation } from 'wouter'
import { statusName } from '../keys/status-badge.tsx'
import { useSignedIn } from '../session/signed-in.tsx'
import { pagesOf } from '../shell/navigation.tsx'
import { shortcutsOf } from '../shell/shortcut-table.ts'
import { ProblemBanner } from '../ui/problem-banner.tsx'
import { setTheme } from '../ui/theme.ts'
import { type Entry, type EntryGroup, groupsOf, matches } from './entries.ts'
import { KeysHint } from './keys-hint.tsx'
import { useFoundKeys } from './use-found-keys.ts'

type Props = { onClose: () => void; onHelp: () => void }

export default function Palette({ onClose, onHelp }: Props) {
  const [typed, setTyped] = useState('')
  const found = useFoundKeys(typed)
  const [, navigate] = useLocation()
  const goTo = (path: string) => {
    onClose()
    navigate(path)
  }
  const own = useOwnEntries(goTo, onClose, onHelp)
  const keys = found.keys.map(({ id, name, key_prefix, status }) => ({
    id,
    name,
    hint: `${key_prefix}… ${statusName(status).toLowerCase()}`,
    run: () => goTo(`/keys/${id}`),
  }))
  const groups = groupsOf([
    ...own.map(({ label, items }) => ({
      label,
      items: items.filter((entry) => matches(entry, typed)),
    })),
    { label: 'Keys', items: keys },
  ])
  return (
    <CommandPalette.Root<EntryGroup, Entry>
      open
      onOpenChange={(isOpen) => isOpen || onClose()}
      items={groups}
      value={typed}
      onValueChange={setTyped}
      itemToStringValue={({ label }) => label}
      getSelectableItems={(all) => all.flatMap(({ items }) => items)}
    >
      <Dialog.Title className="sr-only">Find pages, actions and keys</Dialog.Title>
      <CommandPalette.Input
        placeholder="Find pages, actions and keys"
        aria-label="Find pages, actions and keys"
      />
      <CommandPalette.List>
        <CommandPalette.Results>
          {(group: EntryGroup) => (
            <CommandPalette.Group key={group.label} items={group.items}>
              <CommandPalette.GroupLabel>{group.label}</CommandPalette.GroupLabel>
              <CommandPalette.Items>
                {(entry: Entry) => <Item entry={entry} />}
              </CommandPalette.Items>
            </CommandPalette.Group>
          )}
        </CommandPalette.Results>
        <CommandPalette.Empty>
          {found.isSearching ? 'Searching…' : 'Nothing found'}
        </CommandPalette.Empty>
        <ProblemBanner problem={found.problem} />
      </CommandPalette.List>
      <CommandPalette.Footer>
        <span>↑ ↓ to choose, Enter to open, Esc to close</span>
        <span role="status">{found.isSearching && 'Searching keys…'}</span>
      </CommandPalette.Footer>
    </CommandPalette.Root>
  )
}

function Item({ entry }: { entry: Entry }) {
  return (
    <CommandPalette.Item key={entry.id} value={entry} onClick={entry.run}>
      <span className="min-w-0 flex-1 truncate">
        <bdi>{entry.name}</bdi>
        {entry.hint && <span className="ml-2 text-sm text-kumo-subtle">{entry.hint}</span>}
      </span>
      {entry.keys && <KeysHint keys={entry.keys} />}
    </CommandPalette.Item>
  )
}

/** Those that need no request. */
function useOwnEntries(
  goTo: (path: string) => void,
  onClose: () => void,
  onHelp: () => void,
): EntryGroup[] {
  const signedIn = useSignedIn()
  const shortcuts = shortcutsOf(signedIn)
  const keysOf = (path: string) =>
    shortcuts.find(({ does }) => typeof does !== 'string' && does.path === path)?.keys
  const entryOf = (name: string, path: string): Entry => ({
    ...{ id: path, name, keys: keysOf(path) },
    run: () => goTo(path),
  })
  const themes = (['light', 'dark', 'system'] as const).map((theme) => ({
    id: `theme ${theme}`,
    name: `Use the ${theme} theme`,
    run() {
      setTheme(theme)
      onClose()
    },
  }))
  return [
    {
      label: 'Pages',
      items: [
        ...pagesOf(signedIn).map(({ path, name }) => entryOf(name, path)),
        entryOf('Profile', '/profile'),
      ],
    },
    {
      label: 'Actions',
      items: [
        ...(signedIn.canChange ? [entryOf('Create API key', '/keys/new')] : []),
        { id: 'help', name: 'Show keyboard shortcuts', keys: '?', run: onHelp },
        ...themes,
      ],
    },
  ]
}
