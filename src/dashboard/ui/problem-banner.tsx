// A failure of the API, with what support needs to find it in the log.
import { Banner } from '@cloudflare/kumo/components/banner'
import { Button } from '@cloudflare/kumo/components/button'
import { WarningCircleIcon } from '@phosphor-icons/react'
import { ApiProblem } from '../api/problem.ts'

type Props = { problem: Error | null; onRetry?: () => void }

export function ProblemBanner({ problem, onRetry }: Props) {
  if (problem === null) return null
  const told = problem instanceof ApiProblem ? problem : null
  return (
    <div role="alert">
      <Banner
        variant="error"
        icon={<WarningCircleIcon weight="fill" />}
        title={told?.title ?? 'Something went wrong'}
        description={<Detail problem={problem} requestId={told?.requestId ?? null} />}
        action={
          onRetry && (
            <Button size="sm" onClick={onRetry}>
              Try again
            </Button>
          )
        }
      />
    </div>
  )
}

function Detail({ problem, requestId }: { problem: Error; requestId: string | null }) {
  return (
    <span className="break-words">
      {problem.message}
      {requestId && (
        <span className="mt-1 block text-sm opacity-90">
          Request id <code className="break-all">{requestId}</code>
        </span>
      )}
    </span>
  )
}
