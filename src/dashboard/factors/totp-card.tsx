import { Button } from '@cloudflare/kumo/components/button'
import { DeviceMobileIcon } from '@phosphor-icons/react'
import { useState } from 'react'
import type { Factors } from '../session/factor-api.ts'
import { Card } from '../ui/card.tsx'
import { FormDialog } from '../ui/form-dialog.tsx'
import { RelativeTime } from '../ui/time.tsx'
import { useTask } from '../ui/use-task.ts'
import { removeTotp } from './api.ts'
import { RecoveryCodesDialog } from './recovery-codes-dialog.tsx'
import { isLastFactor, LastFactorWarning } from './removal.tsx'
import { TotpDialog } from './totp-dialog.tsx'
import { useEnrolment, useFactorChange } from './use-enrolment.ts'

export function TotpCard({ factors }: { factors: Factors }) {
  const { isAdding, begin, cancel, codes, done, stored } = useEnrolment()
  const [isRemoving, setIsRemoving] = useState(false)
  const { totp } = factors
  return (
    <Card
      title="Authenticator app"
      description="An app on your phone shows a code that changes every 30 seconds."
      actions={
        <span className="flex flex-wrap gap-2">
          <Button icon={DeviceMobileIcon} onClick={begin}>
            {totp === null ? 'Set up app' : 'Replace app'}
          </Button>
          {totp && (
            <Button variant="secondary-destructive" onClick={() => setIsRemoving(true)}>
              Remove app
            </Button>
          )}
        </span>
      }
    >
      <p className="text-base text-kumo-subtle">
        {totp === null ? 'You have no authenticator app.' : <Enrolled totp={totp} />}
      </p>
      {isAdding && (
        <TotpDialog
          isReplacing={totp !== null}
          onAdded={(first) => done('Authenticator app added', first)}
          onClose={cancel}
        />
      )}
      {isRemoving && (
        <RemoveTotpDialog isLast={isLastFactor(factors)} onClose={() => setIsRemoving(false)} />
      )}
      {codes && <RecoveryCodesDialog codes={codes} onStored={stored} />}
    </Card>
  )
}

function Enrolled({ totp }: { totp: NonNullable<Factors['totp']> }) {
  return (
    <>
      Added <RelativeTime time={totp.enrolled_at} />
      {totp.last_used_at && (
        <>
          , last used <RelativeTime time={totp.last_used_at} />
        </>
      )}
      .
    </>
  )
}

function RemoveTotpDialog({ isLast, onClose }: { isLast: boolean; onClose: () => void }) {
  const changed = useFactorChange()
  const task = useTask(removeTotp)
  const remove = async () => {
    if ((await task.run()) === null) return
    onClose()
    await changed('Authenticator app removed')
  }
  return (
    <FormDialog
      title="Remove your authenticator app?"
      submit="Remove app"
      isDestructive
      task={task}
      onSubmit={remove}
      onClose={onClose}
    >
      <p>Its codes are not asked any more. Delete the entry in the app yourself.</p>
      <LastFactorWarning isLast={isLast} />
    </FormDialog>
  )
}
