// Recovery codes, shown once.
import { Button } from '@cloudflare/kumo/components/button'
import { DownloadSimpleIcon, PrinterIcon } from '@phosphor-icons/react'
import { CopyButton } from '../ui/copy-button.tsx'
import { downloadText } from '../ui/download.ts'
import { OneTimeSecretDialog } from '../ui/one-time-secret-dialog.tsx'

type Props = { codes: readonly string[]; onStored: () => void }

export function RecoveryCodesDialog({ codes, onStored }: Props) {
  const text = `Recovery codes for Latchkey (${location.origin})\n\n${codes.join('\n')}\n`
  return (
    <OneTimeSecretDialog
      title="Store your recovery codes"
      warning="Each code signs you in once when you do not have your second factor. Keep them apart from your password: on paper, or in a safe place of your password manager."
      confirmation="I have stored them"
      onStored={onStored}
    >
      <section data-printed aria-label="Recovery codes" className="flex flex-col gap-3">
        <p className="hidden text-base print:block">Recovery codes for Latchkey</p>
        <ol className="grid grid-cols-1 gap-x-6 gap-y-1.5 rounded-md bg-kumo-recessed px-4 py-3 font-mono text-base text-kumo-default select-all sm:grid-cols-2">
          {codes.map((code) => (
            <li key={code} className="whitespace-nowrap">
              {code}
            </li>
          ))}
        </ol>
        <div className="flex flex-wrap gap-2 print:hidden">
          <CopyButton text={text} what="codes" isPrimary />
          <Button
            size="sm"
            icon={DownloadSimpleIcon}
            onClick={() => downloadText(text, 'latchkey-recovery-codes.txt')}
          >
            Download
          </Button>
          <Button size="sm" icon={PrinterIcon} onClick={() => print()}>
            Print
          </Button>
        </div>
      </section>
    </OneTimeSecretDialog>
  )
}
