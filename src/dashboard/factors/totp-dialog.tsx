// Enrols an authenticator app: a QR code to scan, or a secret to type, confirmed by a code of the app.
import { useState } from 'react'
import { CodeField } from '../session/code-field.tsx'
import { CopyButton } from '../ui/copy-button.tsx'
import { FormDialog } from '../ui/form-dialog.tsx'
import { useTask } from '../ui/use-task.ts'
import { beginTotp, confirmTotp, type NewTotp } from './api.ts'
import { QrCode } from './qr-code.tsx'

type Props = {
  isReplacing: boolean
  onAdded: (codes: string[] | null) => void
  onClose: () => void
}

export function TotpDialog({ isReplacing, onAdded, onClose }: Props) {
  const [totp, setTotp] = useState<NewTotp | null>(null)
  const beginning = useTask(beginTotp)
  const task = useTask(confirmTotp)
  const begin = async () => {
    const begun = await beginning.run()
    if (begun !== null) setTotp(begun.result)
  }
  const confirm = async (code: string) => {
    const done = await task.run(code)
    if (done !== null) onAdded(done.result)
  }
  const isWrong = task.problem?.code === 'forbidden'
  return (
    <FormDialog
      title={isReplacing ? 'Replace your authenticator app' : 'Set up an authenticator app'}
      submit={totp === null ? 'Continue' : 'Confirm'}
      task={{
        isPending: beginning.isPending || task.isPending,
        problem: beginning.problem ?? (isWrong ? null : task.problem),
      }}
      onSubmit={({ trimmed }) => (totp === null ? begin() : confirm(trimmed('code')))}
      onClose={onClose}
    >
      {totp === null ? (
        <Introduction isReplacing={isReplacing} />
      ) : (
        <>
          <Secret totp={totp} />
          <p>3. Enter the code that the app shows.</p>
          <CodeField
            isPending={task.isPending}
            error={isWrong ? 'The code is wrong. Is the clock of your phone right?' : undefined}
          />
        </>
      )}
    </FormDialog>
  )
}

function Introduction({ isReplacing }: { isReplacing: boolean }) {
  return (
    <p>
      {isReplacing
        ? 'The app that you have now works until the new one is confirmed.'
        : 'You need an app for one-time codes on your phone or in your password manager, such as Google Authenticator, Microsoft Authenticator, Aegis or 1Password.'}
    </p>
  )
}

function Secret({ totp: { uri, secret } }: { totp: NewTotp }) {
  return (
    <>
      <p>1. In the app, add an entry and scan this QR code.</p>
      <QrCode text={uri} label="QR code for the authenticator app" />
      <div className="flex flex-col gap-2">
        <p>2. If you cannot scan it, type this secret instead:</p>
        <div className="flex flex-wrap items-center gap-3">
          <code className="rounded-md bg-kumo-recessed px-3 py-2 font-mono text-sm break-words select-all">
            {inGroups(secret)}
          </code>
          <CopyButton text={secret} what="secret" />
        </div>
      </div>
    </>
  )
}

const inGroups = (secret: string) => secret.replaceAll(/(.{4})(?=.)/g, '$1 ')
