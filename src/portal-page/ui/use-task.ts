// A request that a person starts: pending, or failed.
import { useState } from 'preact/hooks'
import { CallFailure, type Failure } from '../session/call.ts'

export type Task<Args extends unknown[], T> = {
  isPending: boolean
  failure: Failure | null
  /** null: it failed, or another runs. */
  run: (...args: Args) => Promise<T | null>
}

export function useTask<Args extends unknown[], T>(
  send: (...args: Args) => Promise<T>,
): Task<Args, T> {
  const [isPending, setPending] = useState(false)
  const [failure, setFailure] = useState<Failure | null>(null)
  return {
    isPending,
    failure,
    async run(...args) {
      if (isPending) return null
      setPending(true)
      setFailure(null)
      try {
        return await send(...args)
      } catch (error) {
        if (!(error instanceof CallFailure)) throw error
        setFailure(error.failure)
        return null
      } finally {
        setPending(false)
      }
    },
  }
}
