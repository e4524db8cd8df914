import type { Failure } from '../session/call.ts'
import { problemText } from './problem-text.ts'
import { useOnline } from './use-online.ts'

export function Problem({ failure }: { failure: Failure | null }) {
  const isOnline = useOnline()
  if (failure === null) return null
  const { title, sentences } = problemText(failure, isOnline)
  return (
    <div role="alert" class="rounded-lg border border-danger-ink bg-base p-3 text-sm wrap-anywhere">
      <p class="font-semibold text-danger-ink">{title}</p>
      {sentences.map((sentence) => (
        <p key={sentence} class="mt-1">
          {sentence}
        </p>
      ))}
    </div>
  )
}
