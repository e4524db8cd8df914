import { Button } from '@cloudflare/kumo/components/button'
import type { Factors } from '../session/factor-api.ts'
import { Card } from '../ui/card.tsx'
import { FormDialog } from '../ui/form-dialog.tsx'
import { RelativeTime } from '../ui/time.tsx'
import { useTask } from '../ui/use-task.ts'
import { renewRecoveryCodes } from './api.ts'
import { RecoveryCodesDialog } from './recovery-codes-dialog.tsx'
import { useEnrolment } from './use-enrolment.ts'

export function RecoveryCodesCard({ codes }: { codes: NonNullable<Factors['recovery_codes']> }) {
  const renewal = useEnrolment()
  const count = codes.left === 1 ? '1 code is' : `${codes.left} codes are`
  return (
    <Card
      title="Recovery codes"
      description="Each works once in the place of a second factor that you lost."
      actions={<Button onClick={renewal.begin}>Make new codes</Button>}
    >
      <p className="text-base text-kumo-default">
        {count} left of those made <RelativeTime time={codes.created_at} />.
      </p>
      {renewal.isAdding && (
        <RenewDialog
          onRenewed={(first) => renewal.done('New recovery codes made', first)}
          onClose={renewal.cancel}
        />
      )}
      {renewal.codes && <RecoveryCodesDialog codes={renewal.codes} onStored={renewal.stored} />}
    </Card>
  )
}

type Props = { onRenewed: (codes: string[]) => void; onClose: () => void }

function RenewDialog({ onRenewed, onClose }: Props) {
  const task = useTask(renewRecoveryCodes)
  const renew = async () => {
    const done = await task.run()
    if (done !== null) onRenewed(done.result)
  }
  return (
    <FormDialog
      title="Make new recovery codes?"
      submit="Make new codes"
      task={task}
      onSubmit={renew}
      onClose={onClose}
    >
      <p>You get ten new codes. All codes that you have now stop working.</p>
    </FormDialog>
  )
}
