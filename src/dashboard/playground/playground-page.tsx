// Why a request with a key passes or is refused, check by check, without sending it.
import { Button } from '@cloudflare/kumo/components/button'
import { useEffect, useRef, useState } from 'react'
import { useSearchParams } from 'wouter'
import { Card } from '../ui/card.tsx'
import { Page } from '../ui/page.tsx'
import { ProblemBanner } from '../ui/problem-banner.tsx'
import { useTask } from '../ui/use-task.ts'
import { type Explanation, explainRequest } from '../usage/explain.ts'
import { ExplanationCard } from './explanation-card.tsx'
import { type Fields, fieldsOfParams, paramsOfFields, questionOf } from './question.ts'
import { ConditionFields, SubjectFields, TargetFields } from './question-fields.tsx'

/** An answer, and the fields that it is about. */
type Answered = { explanation: Explanation; fields: Fields; atMs: number }

/** On a narrow screen the answer is below the form. */
function useScrollTo(answered: Answered | null) {
  const place = useRef<HTMLDivElement>(null)
  const wasSubmitted = useRef(false)
  useEffect(() => {
    const { top = 0 } = place.current?.getBoundingClientRect() ?? {}
    if (answered === null || !wasSubmitted.current || top < innerHeight / 2) return
    place.current?.scrollIntoView({ block: 'start' })
  }, [answered])
  return { place, wasSubmitted }
}

export default function PlaygroundPage() {
  const { fields, set, answered, task, error, ask } = usePlayground()
  const { place, wasSubmitted } = useScrollTo(answered)
  const field = { fields, set, problem: task.problem }
  return (
    <Page
      title="Playground"
      description="What a request with a key gets now, check by check. It is not sent: nothing is taken from the key, counted or logged."
    >
      <div className="grid items-start gap-6 lg:grid-cols-[minmax(0,2fr)_minmax(0,3fr)]">
        <Card title="Request">
          <form
            noValidate
            className="flex flex-col gap-5"
            onSubmit={(event) => {
              event.preventDefault()
              wasSubmitted.current = true
              void ask()
            }}
          >
            <SubjectFields {...field} error={error} />
            <TargetFields {...field} />
            <ConditionFields {...field} />
            <ProblemBanner problem={task.problem} />
            <div>
              <Button type="submit" variant="primary" loading={task.isPending}>
                Check
              </Button>
            </div>
          </form>
        </Card>
        <div ref={place} className="min-w-0 scroll-mt-20">
          {answered && (
            <ExplanationCard
              explanation={answered.explanation}
              ip={answered.fields.ip.trim() || null}
              atMs={answered.atMs}
              isOld={JSON.stringify(answered.fields) !== JSON.stringify(fields)}
            />
          )}
        </div>
      </div>
    </Page>
  )
}

function usePlayground() {
  const [params, setParams] = useSearchParams()
  const [fields, setFields] = useState(() => fieldsOfParams(params))
  const [answered, setAnswered] = useState<Answered | null>(null)
  const [isIncomplete, setIsIncomplete] = useState(false)
  const task = useTask(explainRequest)
  const ask = async () => {
    const question = questionOf(fields)
    setIsIncomplete(question === null)
    if (question === null || task.isPending) return
    setParams(paramsOfFields(fields), { replace: true })
    const done = await task.run(question)
    if (done !== null) setAnswered({ explanation: done.result, fields, atMs: Date.now() })
  }
  useOnce(() => {
    // As a link has it, or the page from which a mend led away. A token is in neither.
    if (fields.keyId !== '') void ask()
  })
  return {
    fields,
    set: (part: Partial<Fields>) => setFields({ ...fields, ...part }),
    answered,
    task,
    error: isIncomplete && questionOf(fields) === null,
    ask,
  }
}

function useOnce(work: () => void): void {
  const isDone = useRef(false)
  useEffect(() => {
    if (isDone.current) return
    isDone.current = true
    work()
  })
}
