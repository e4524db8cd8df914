import { Button } from '@cloudflare/kumo/components/button'
import { FingerprintIcon } from '@phosphor-icons/react'
import { useState } from 'react'
import { hasPasskeys } from '../api/passkey.ts'
import type { Factors, Passkey } from '../session/factor-api.ts'
import { ActionsMenu } from '../ui/actions-menu.tsx'
import { Card } from '../ui/card.tsx'
import { RelativeTime } from '../ui/time.tsx'
import { AddPasskeyDialog, RemovePasskeyDialog, RenamePasskeyDialog } from './passkey-dialogs.tsx'
import { RecoveryCodesDialog } from './recovery-codes-dialog.tsx'
import { isLastFactor } from './removal.tsx'
import { useEnrolment } from './use-enrolment.ts'

export function PasskeyCard({ factors }: { factors: Factors }) {
  const { isAdding, begin, cancel, codes, done, stored } = useEnrolment()
  const { passkeys } = factors
  return (
    <Card
      title="Passkeys"
      description="Sign in by fingerprint, face, PIN or security key."
      actions={
        <Button icon={FingerprintIcon} disabled={!hasPasskeys()} onClick={begin}>
          Add passkey
        </Button>
      }
      isFlush={passkeys.length > 0}
    >
      {passkeys.length === 0 && <NoPasskeys />}
      <ul className="divide-y divide-kumo-hairline">
        {passkeys.map((passkey) => (
          <Row key={passkey.id} passkey={passkey} isLast={isLastFactor(factors)} />
        ))}
      </ul>
      {isAdding && (
        <AddPasskeyDialog
          onAdded={(name, first) => done(`Passkey ${name} added`, first)}
          onClose={cancel}
        />
      )}
      {codes && <RecoveryCodesDialog codes={codes} onStored={stored} />}
    </Card>
  )
}

function NoPasskeys() {
  const text = hasPasskeys()
    ? 'You have no passkeys. They are safer than codes: a page that imitates this one cannot use them.'
    : 'You have no passkeys, and this browser has none for the address of this page.'
  return <p className="text-base text-kumo-subtle">{text}</p>
}

function Row({ passkey, isLast }: { passkey: Passkey; isLast: boolean }) {
  const [open, setOpen] = useState<'rename' | 'remove' | null>(null)
  const close = () => setOpen(null)
  const { name, created_at, last_used_at } = passkey
  return (
    <li className="flex items-center justify-between gap-3 px-4 py-3">
      <span className="min-w-0">
        <span className="block text-base font-medium break-words text-kumo-default">{name}</span>
        <span className="block text-sm text-kumo-subtle">
          Added <RelativeTime time={created_at} />
          {last_used_at ? (
            <>
              , last used <RelativeTime time={last_used_at} />
            </>
          ) : (
            ', not used yet'
          )}
        </span>
      </span>
      <ActionsMenu
        name={name}
        items={[
          { name: 'Rename…', onClick: () => setOpen('rename') },
          { name: 'Remove…', isDanger: true, onClick: () => setOpen('remove') },
        ]}
      />
      {open === 'rename' && <RenamePasskeyDialog passkey={passkey} onClose={close} />}
      {open === 'remove' && (
        <RemovePasskeyDialog passkey={passkey} isLast={isLast} onClose={close} />
      )}
    </li>
  )
}
