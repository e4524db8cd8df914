// The keys of a shortcut, as they are pressed.
import { modKey } from '../ui/mod-key.ts'

/** "⌘ K" or "Ctrl K"; "g then k". */
export function KeysHint({ keys }: { keys: string }) {
  const names = keys.replace('mod+', `${modKey} `).split(' ')
  return (
    <span className="flex shrink-0 gap-1">
      {names.map((name) => (
        <kbd
          key={name}
          className="min-w-6 rounded bg-kumo-recessed px-1.5 py-0.5 text-center font-mono text-sm text-kumo-default ring ring-kumo-hairline"
        >
          {name}
        </kbd>
      ))}
    </span>
  )
}
