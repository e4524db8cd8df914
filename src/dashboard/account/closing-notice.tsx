// A banner on every page of an account whose deletion has started: why its keys fail, and how to cancel.
import { Banner } from '@cloudflare/kumo/components/banner'
import { Button } from '@cloudflare/kumo/components/button'
import { WarningIcon } from '@phosphor-icons/react'
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useSignedIn } from '../session/signed-in.tsx'
import { ProblemBanner } from '../ui/problem-banner.tsx'
import { exactTime } from '../ui/time.tsx'
import { useTask } from '../ui/use-task.ts'
import { useToast } from '../ui/use-toast.ts'
import { accountDetailsQuery, cancelDeletion } from './api.ts'

export function ClosingNotice() {
  const { data } = useQuery(accountDetailsQuery)
  const { role } = useSignedIn()
  const client = useQueryClient()
  const toast = useToast()
  const cancel = useTask(async () => {
    toast('Deletion cancelled. The keys work again.', await cancelDeletion())
    await client.invalidateQueries({ queryKey: accountDetailsQuery.queryKey })
  })
  if (!data?.closes_at) return null
  return (
    <div className="flex flex-col gap-3 px-4 pt-4 md:px-8">
      <Banner
        variant="error"
        icon={<WarningIcon weight="fill" />}
        title={`This account will be deleted on ${exactTime(data.closes_at)}`}
        description="All its keys have stopped working. An owner can cancel the deletion until then."
        action={
          role === 'owner' && (
            <Button size="sm" loading={cancel.isPending} onClick={() => cancel.run()}>
              Cancel deletion
            </Button>
          )
        }
      />
      <ProblemBanner problem={cancel.problem} />
    </div>
  )
}
