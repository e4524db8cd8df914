// The way to the command palette for who does not know its shortcut.
import { MagnifyingGlassIcon } from '@phosphor-icons/react'
import { createSignal } from '../api/signal.ts'
import { modKey } from '../ui/mod-key.ts'

export const paletteWanted = createSignal()

export function PaletteButton() {
  return (
    <button
      type="button"
      aria-haspopup="dialog"
      className="flex items-center gap-2.5 rounded-md px-2 py-1.5 text-base text-kumo-subtle ring ring-kumo-line outline-none hover:bg-kumo-tint focus-visible:ring-2 focus-visible:ring-kumo-focus"
      onClick={() => paletteWanted.emit()}
    >
      <MagnifyingGlassIcon size={18} aria-hidden />
      Find
      <kbd aria-hidden className="ml-auto font-mono text-sm">
        {modKey} K
      </kbd>
    </button>
  )
}
