// A failure of the API, with the request id by which it is found in the log.
import { Banner } from '@cloudflare/kumo/components/banner'
import { Button } from '@cloudflare/kumo/components/button'
import { WarningCircleIcon } from '@phosphor-icons/react'
import { ApiProblem, unexpected } from '../api/problem.ts'
import { canHelpToRetry, fieldTexts, type ProblemText, problemText } from '../api/problem-text.ts'

type Props = {
  problem: Error | null
  /** Codes that mean something else here. */
  texts?: Record<string, ProblemText>
  note?: string
  onRetry?: () => void
}

export function ProblemBanner({ problem, texts, note, onRetry }: Props) {
  if (problem === null) return null
  const known = problem instanceof ApiProblem ? problem : unexpected(problem)
  const text = texts?.[known.code] ?? problemText(known)
  return (
    <div role="alert">
      <Banner
        variant="error"
        icon={<WarningCircleIcon weight="fill" />}
        title={text.title}
        description={<ProblemDetail problem={known} text={text} note={note} />}
        action={
          onRetry &&
          canHelpToRetry(known) && (
            <Button size="sm" onClick={onRetry}>
              Try again
            </Button>
          )
        }
      />
    </div>
  )
}

type DetailProps = { problem: ApiProblem; text: ProblemText; note: string | undefined }

function ProblemDetail({ problem, text, note }: DetailProps) {
  const wait = problem.status === 429 ? problem.retryAfter : null
  const sentences = [
    ...(text.hasDetail || isAllThatIsSaid(problem, text) ? [problem.message] : []),
    ...fieldTexts(problem.errors),
    text.next,
    ...(wait === null ? [] : [`Try again in ${waitText(wait)}.`]),
    ...(note ? [note] : []),
  ].filter(Boolean)
  return (
    <span className="break-words">
      {sentences.map(asSentence).join(' ')}
      {problem.requestId && (
        <span className="mt-1 block text-sm opacity-90">
          Request ID <code className="break-all">{problem.requestId}</code>
        </span>
      )}
    </span>
  )
}

const isAllThatIsSaid = ({ errors }: ApiProblem, { next }: ProblemText) =>
  errors.length === 0 && next === ''

const asSentence = (text: string) => (/[.!?]$/.test(text) ? text : `${text}.`)

function waitText(seconds: number): string {
  const [count, unit] = seconds > 90 ? [Math.ceil(seconds / 60), 'minute'] : [seconds, 'second']
  return count === 1 ? `1 ${unit}` : `${count} ${unit}s`
}
