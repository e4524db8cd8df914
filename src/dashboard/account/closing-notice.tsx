// A banner on every page of an account whose keys are stopped, since it is suspended or its deletion has started: why, and
// how to cancel the deletion.
import { Banner } from '@cloudflare/kumo/components/banner'
import { Button } from '@cloudflare/kumo/components/button'
import { WarningIcon } from '@phosphor-icons/react'
import { useQueryClient } from '@tanstack/react-query'
import { type Standing, standingQuery } from '../session/api.ts'
import { useSignedIn } from '../session/signed-in.tsx'
import { ProblemBanner } from '../ui/problem-banner.tsx'
import { exactTime } from '../ui/time.tsx'
import { toast } from '../ui/toasts.tsx'
import { useTask } from '../ui/use-task.ts'
import { cancelDeletion } from './api.ts'

export function ClosingNotice() {
  const { standing, role } = useSignedIn()
  const client = useQueryClient()
  const cancel = useTask(async () => {
    toast('Deletion cancelled. The keys work again.', await cancelDeletion())
    await client.invalidateQueries({ queryKey: standingQuery.queryKey })
  })
  const texts = noticeOf(standing)
  if (texts === null) return null
  const canCancel = role === 'owner' && standing.suspended_at === null
  return (
    <div className="flex flex-col gap-3 px-4 pt-4 md:px-8">
      <Banner
        variant="error"
        icon={<WarningIcon weight="fill" />}
        title={texts.title}
        description={texts.description}
        action={
          canCancel && (
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

/** null: its keys work. */
function noticeOf({
  suspended_at,
  closes_at,
}: Pick<Standing, 'suspended_at' | 'closes_at'>): { title: string; description: string } | null {
  const deletion = closes_at && `will be deleted on ${exactTime(closes_at)}`
  if (suspended_at === null) {
    if (!deletion) return null
    const description =
      'All its keys have stopped working. An owner can cancel the deletion until then.'
    return { title: `This account ${deletion}`, description }
  }
  const description =
    'Its keys are rejected, and nothing in it can be changed until the operator of this Latchkey resumes it.'
  return { title: `This account is suspended${deletion ? ` and ${deletion}` : ''}`, description }
}
