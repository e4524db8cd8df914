// An identifier, with a button that copies it.
import { CopyButton } from './copy-button.tsx'

/** `what`: for screen readers, such as "key ID". */
export function CopiedText({ text, what }: { text: string; what: string }) {
  return (
    <span className="flex items-start gap-1">
      <code className="min-w-0 font-mono text-sm break-all">{text}</code>
      <CopyButton text={text} what={what} isIcon />
    </span>
  )
}
