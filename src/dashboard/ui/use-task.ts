// A request that a person starts and waits for. Its result goes to the caller and is stored nowhere else, since
// it may hold a token.
import { useState } from 'react'
import { type ApiProblem, unexpected } from '../api/problem.ts'

export type Task<Args extends unknown[], Result> = {
  isPending: boolean
  problem: ApiProblem | null
  /** Resolves with null when the request failed; `problem` is then set. */
  run: (...args: Args) => Promise<{ result: Result } | null>
  /** Forgets the problem. */
  reset: () => void
  /** Forgets what was wrong with one field, which was edited. */
  forget: (field: string) => void
}

type State = { isPending: boolean; problem: ApiProblem | null }
const idle: State = { isPending: false, problem: null }

export function useTask<Args extends unknown[], Result>(
  work: (...args: Args) => Promise<Result>,
): Task<Args, Result> {
  const [state, setState] = useState(idle)
  return {
    ...state,
    reset: () => setState(idle),
    forget: (field) =>
      setState((now) => ({ ...now, problem: now.problem?.without(field) ?? null })),
    async run(...args) {
      setState({ isPending: true, problem: null })
      try {
        const result = await work(...args)
        setState(idle)
        return { result }
      } catch (error) {
        setState({ isPending: false, problem: unexpected(error) })
        return null
      }
    },
  }
}
