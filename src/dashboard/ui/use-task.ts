// Work that a person starts and waits for: whether it is under way, and what went wrong. Its result goes to
// the caller alone and is kept by nobody, since it may hold a token.
import { useState } from 'react'
import { ApiProblem } from '../api/problem.ts'

export type Task<Args extends unknown[], Result> = {
  isPending: boolean
  problem: ApiProblem | null
  /** null when it failed; `problem` then says why. */
  run: (...args: Args) => Promise<{ result: Result } | null>
  forget: () => void
}

type State = { isPending: boolean; problem: ApiProblem | null }
const idle: State = { isPending: false, problem: null }

export function useTask<Args extends unknown[], Result>(
  work: (...args: Args) => Promise<Result>,
): Task<Args, Result> {
  const [state, setState] = useState(idle)
  return {
    ...state,
    async run(...args) {
      setState({ isPending: true, problem: null })
      try {
        const result = await work(...args)
        setState(idle)
        return { result }
      } catch (error) {
        if (!(error instanceof ApiProblem)) throw error
        setState({ isPending: false, problem: error })
        return null
      }
    },
    forget: () => setState(idle),
  }
}
