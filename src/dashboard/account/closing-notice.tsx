// On every page of an account that is about to be deleted: why its keys fail, and the way back.
import { Banner } from '@cloudflare/kumo/components/banner'
import { Button } from '@cloudflare/kumo/components/button'
import { WarningIcon } from '@phosphor-icons/react'
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useSignedIn } from '../session/signed-in.tsx'
import { ProblemBanner } from '../ui/problem-banner.tsx'
import { exactTime } from '../ui/time.tsx'
import { useTask } from '../ui/use-task.ts'
import { useAnnounce } from '../ui/use-toast.ts'
import { accountFactsQuery, keepAccount } from './api.ts'

export function ClosingNotice() {
  const { data } = useQuery(accountFactsQuery)
  const { role } = useSignedIn()
  const client = useQueryClient()
  const announce = useAnnounce()
  const keeping = useTask(async () => {
    announce('The account stays, and its keys go again', await keepAccount())
    await client.invalidateQueries({ queryKey: accountFactsQuery.queryKey })
  })
  if (!data?.closes_at) return null
  return (
    <div className="flex flex-col gap-3 px-4 pt-4 md:px-8">
      <Banner
        variant="error"
        icon={<WarningIcon weight="fill" />}
        title={`This account is deleted on ${exactTime(data.closes_at)}`}
        description="All of its keys are stopped. An owner can take this back until then."
        action={
          role === 'owner' && (
            <Button size="sm" loading={keeping.isPending} onClick={() => keeping.run()}>
              Keep the account
            </Button>
          )
        }
      />
      <ProblemBanner problem={keeping.problem} />
    </div>
  )
}
