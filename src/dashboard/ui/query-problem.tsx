// That what is shown could not be read again, and how old it is.
import { ApiProblem } from '../api/problem.ts'
import { ProblemBanner } from './problem-banner.tsx'
import { exactTime } from './time.tsx'

type Props = {
  query: { error: Error | null; data: unknown; dataUpdatedAt: number; refetch: () => unknown }
}

export function QueryProblem({ query: { error, data, dataUpdatedAt, refetch } }: Props) {
  const isOld = data !== undefined
  // The notice of the connection says it for the whole page.
  if (isOld && error instanceof ApiProblem && error.code === 'unreachable') return null
  return (
    <ProblemBanner
      problem={error}
      {...(isOld && { note: `What is shown is of ${exactTime(dataUpdatedAt)}.` })}
      onRetry={() => refetch()}
    />
  )
}
