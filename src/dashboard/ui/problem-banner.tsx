// A failure of the API, with the request id by which it is found in the log.
import { Banner } from '@cloudflare/kumo/components/banner'
import { Button } from '@cloudflare/kumo/components/button'
import { WarningCircleIcon } from '@phosphor-icons/react'
import { ApiProblem } from '../api/problem.ts'

type Props = { problem: Error | null; onRetry?: () => void }

export function ProblemBanner({ problem, onRetry }: Props) {
  if (problem === null) return null
  const apiProblem = problem instanceof ApiProblem ? problem : null
  return (
    <div role="alert">
      <Banner
        variant="error"
        icon={<WarningCircleIcon weight="fill" />}
        title={apiProblem?.title ?? 'Something went wrong'}
        description={<ProblemDetail problem={problem} apiProblem={apiProblem} />}
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

function ProblemDetail({ problem, apiProblem }: { problem: Error; apiProblem: ApiProblem | null }) {
  const wait = apiProblem?.status === 429 ? apiProblem.retryAfter : null
  return (
    <span className="break-words">
      {problem.message}
      {wait !== null && ` Try again in ${waitText(wait)}.`}
      {apiProblem?.requestId && (
        <span className="mt-1 block text-sm opacity-90">
          Request ID <code className="break-all">{apiProblem.requestId}</code>
        </span>
      )}
    </span>
  )
}

function waitText(seconds: number): string {
  const [count, unit] = seconds > 90 ? [Math.ceil(seconds / 60), 'minute'] : [seconds, 'second']
  return count === 1 ? `1 ${unit}` : `${count} ${unit}s`
}
