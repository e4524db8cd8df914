import { Button } from '@cloudflare/kumo/components/button'
import { Checkbox } from '@cloudflare/kumo/components/checkbox'
import { useState } from 'react'
import { useSignedIn } from '../session/signed-in.tsx'
import { shortcutsOf } from '../shell/shortcut-table.ts'
import { hasSingleKeys, setSingleKeys } from '../shell/single-keys.ts'
import { Modal } from '../ui/modal.tsx'
import { KeysHint } from './keys-hint.tsx'

export default function HelpDialog({ onClose }: { onClose: () => void }) {
  const shortcuts = shortcutsOf(useSignedIn())
  const [isOn, setIsOn] = useState(hasSingleKeys)
  return (
    <Modal
      title="Keyboard shortcuts"
      description="They do nothing while you type in a field, or a dialog is open."
      onClose={onClose}
      buttons={<Button onClick={onClose}>Close</Button>}
    >
      <dl aria-label="Keyboard shortcuts" className="flex flex-col gap-2">
        {shortcuts.map(({ keys, name }) => (
          <div key={keys} className="flex items-center justify-between gap-4 text-base">
            <dt className="text-kumo-default">{name}</dt>
            <dd>
              <KeysHint keys={keys} />
            </dd>
          </div>
        ))}
      </dl>
      <Checkbox
        label="Shortcuts without Ctrl or ⌘"
        checked={isOn}
        onCheckedChange={(next) => {
          setSingleKeys(next === true)
          setIsOn(next === true)
        }}
      />
    </Modal>
  )
}
