// Shows a token once. It exists only in the state of the page, so only its button closes the dialog, and the browser asks before
// the page is left.
import { useRef, useState } from 'preact/hooks'
import type { MintedKey } from '../session/types.ts'
import { Button } from '../ui/button.tsx'
import { Dialog, DialogButtons } from '../ui/dialog.tsx'

export function TokenDialog({ minted, onStored }: { minted: MintedKey; onStored: () => void }) {
  const shown = useRef<HTMLElement>(null)
  const [copied, setCopied] = useState('')
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(minted.key)
      setCopied('Copied.')
    } catch {
      if (shown.current) getSelection()?.selectAllChildren(shown.current)
      setCopied(
        'Your browser does not let this page copy: the token is selected, copy it yourself.',
      )
    }
  }
  return (
    <Dialog title={`The token of ${minted.name}`} isHeld onClose={() => {}}>
      <p class="rounded-lg border border-line bg-note p-3 text-sm">
        <strong>Shown only once.</strong> Copy it now and keep it as you keep a password: whoever
        has it can use the key. If it is lost, rotate the key.
      </p>
      <pre class="rounded-lg border border-line bg-recessed p-3 text-sm break-all whitespace-pre-wrap">
        <code ref={shown}>{minted.key}</code>
      </pre>
      <p role="status" class="text-sm text-subtle">
        {copied}
      </p>
      <DialogButtons>
        <Button onClick={copy}>Copy</Button>
        <Button kind="primary" onClick={onStored}>
          I have stored it
        </Button>
      </DialogButtons>
    </Dialog>
  )
}
