// Listens for the keyboard shortcuts. What they open is loaded when it is first opened.
import { useEffect, useRef, useState } from 'react'
import { useLocation } from 'wouter'
import { useSignedIn } from '../session/signed-in.tsx'
import { isPageHeld } from '../ui/held-page.ts'
import { lazyDialog } from '../ui/lazy-dialog.tsx'
import { paletteWanted } from './palette-button.tsx'
import { pressedKey, type Shortcut, shortcutsOf } from './shortcut-table.ts'
import { hasSingleKeys } from './single-keys.ts'

const Palette = lazyDialog(() => import('../palette/palette.tsx'))
const Help = lazyDialog(() => import('../palette/help-dialog.tsx'))

/** Between the keys of one shortcut. */
const sequenceMs = 1_500

export function Shortcuts() {
  const signedIn = useSignedIn()
  const [, navigate] = useLocation()
  const [opened, setOpened] = useState<'palette' | 'help' | null>(null)
  const run = (does: Shortcut['does']) => {
    if (typeof does !== 'string') navigate(does.path)
    else if (does !== 'search') setOpened(does)
    else if (!focusSearch()) setOpened('palette')
  }
  useEffect(() => paletteWanted.on(() => setOpened('palette')), [])
  const before = useRef({ keys: '', atMs: 0 })
  useEffect(() => {
    const shortcuts = shortcutsOf(signedIn)
    const onKey = (event: KeyboardEvent) => {
      const key = isFree(event) ? pressedKey(event) : null
      if (key === null || (!key.startsWith('mod+') && !hasSingleKeys())) return
      const { keys, atMs } = before.current
      const isSoon = event.timeStamp - atMs < sequenceMs
      const found = shortcuts.find((each) => each.keys === (isSoon ? `${keys} ${key}` : key))
      const shortcut = found ?? shortcuts.find((each) => each.keys === key)
      before.current = { keys: shortcut ? '' : key, atMs: event.timeStamp }
      if (shortcut === undefined) return
      event.preventDefault()
      run(shortcut.does)
    }
    document.addEventListener('keydown', onKey)
    return () => document.removeEventListener('keydown', onKey)
  })
  const close = () => setOpened(null)
  return (
    <>
      {opened === 'palette' && <Palette onClose={close} onHelp={() => setOpened('help')} />}
      {opened === 'help' && <Help onClose={close} />}
    </>
  )
}

/** Where a key means something already: in fields, lists and menus; and over what is open. */
const taking = 'input, textarea, select, [contenteditable], [role=combobox], [role=listbox]'
const open = '[role=dialog], [role=alertdialog], [role=menu], [role=listbox]'

function isFree({ target, defaultPrevented, isComposing, repeat }: KeyboardEvent): boolean {
  if (defaultPrevented || isComposing || repeat || isPageHeld()) return false
  if (target instanceof Element && target.closest(taking) !== null) return false
  return document.querySelector(open) === null
}

/** @returns false: the page has no search */
function focusSearch(): boolean {
  const field = document.querySelector<HTMLInputElement>('main input[type=search]')
  field?.focus()
  field?.select()
  return field !== null
}
