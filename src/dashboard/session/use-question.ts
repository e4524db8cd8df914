import { useEffect, useState } from 'react'
import type { stepUp } from '../api/questions.ts'

type Answer = (isDone: boolean) => void

/** Answers a question of requests while the component is shown. @returns what answers it; null: nothing is asked */
export function useQuestion(question: typeof stepUp): Answer | null {
  const [answer, setAnswer] = useState<Answer | null>(null)
  useEffect(() => {
    let settle: Answer | null = null
    const unregister = question.register(
      () =>
        new Promise((resolve) => {
          settle = (isDone) => {
            setAnswer(null)
            resolve(isDone)
          }
          setAnswer(() => settle)
        }),
    )
    return () => {
      unregister()
      // Requests must not wait for a dialog that is gone.
      settle?.(false)
    }
  }, [question])
  return answer
}
