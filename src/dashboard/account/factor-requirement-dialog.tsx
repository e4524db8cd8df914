// Requires a second factor, or ends the requirement, after saying whom it concerns.
import { useQueryClient } from '@tanstack/react-query'
import { type Member, standingQuery } from '../session/api.ts'
import { useSignedIn } from '../session/signed-in.tsx'
import { FormDialog } from '../ui/form-dialog.tsx'
import { toast } from '../ui/toasts.tsx'
import { useTask } from '../ui/use-task.ts'
import { requireFactor } from './api.ts'
import { MemberNames } from './member-names.tsx'

type Props = { isRequired: boolean; without: readonly Member[]; onClose: () => void }

export function FactorRequirementDialog({ isRequired, without, onClose }: Props) {
  const { account } = useSignedIn()
  const client = useQueryClient()
  const task = useTask(requireFactor)
  const change = async () => {
    const done = await task.run(!isRequired)
    if (done === null) return
    await client.invalidateQueries({ queryKey: standingQuery.queryKey })
    toast(isRequired ? 'A second factor is no longer required' : 'A second factor is now required')
    onClose()
  }
  return (
    <FormDialog
      title={isRequired ? 'Stop requiring a second factor?' : 'Require a second factor?'}
      submit={isRequired ? 'Stop requiring' : 'Require'}
      task={task}
      onSubmit={change}
      onClose={onClose}
    >
      {isRequired ? (
        <p>
          Members may then remove their second factors, and new members need none. Those who have
          one are still asked for it.
        </p>
      ) : (
        <Consequences account={account.name} without={without} />
      )}
    </FormDialog>
  )
}

function Consequences({ account, without }: { account: string; without: readonly Member[] }) {
  return (
    <>
      <p>
        From now on, members without a second factor can do nothing in {account} until they add one.
        API keys are not affected.
      </p>
      {without.length > 0 && (
        <>
          <p>They have none now:</p>
          <MemberNames members={without} />
        </>
      )}
    </>
  )
}
