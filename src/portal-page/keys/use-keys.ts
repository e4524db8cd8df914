// The list, by pages. Failures that end the session show its end, not themselves.
import { useCallback, useEffect, useRef, useState } from 'preact/hooks'
import { CallFailure, type Failure } from '../session/call.ts'
import { callPortal } from '../session/portal.ts'
import type { Key } from '../session/types.ts'
import type { StatusChoice } from './status-filter.tsx'

type Listed = { keys: Key[] | null; cursor: string | null; failure: Failure | null }

const pageSize = 50

export function useKeys(status: StatusChoice) {
  const [{ keys, cursor, failure }, setListed] = useState<Listed>({
    ...{ keys: null, cursor: null, failure: null },
  })
  /** Of several that run, the newest counts. */
  const newest = useRef(0)

  const read = useCallback(
    async (after: string | null): Promise<void> => {
      newest.current += 1
      const mine = newest.current
      const query = new URLSearchParams({
        limit: String(pageSize),
        ...(status && { status }),
        ...(after !== null && { cursor: after }),
      })
      try {
        const { data, next_cursor } = await callPortal<Key[]>(`/keys?${query}`)
        if (mine !== newest.current) return
        setListed((before) => ({
          keys: after === null ? data : [...(before.keys ?? []), ...data],
          ...{ cursor: next_cursor ?? null, failure: null },
        }))
      } catch (error) {
        if (!(error instanceof CallFailure)) throw error
        if (mine === newest.current) setListed((before) => ({ ...before, failure: error.failure }))
      }
    },
    [status],
  )

  useEffect(() => {
    void read(null)
  }, [read])

  return {
    keys,
    failure,
    reload: () => read(null),
    more: cursor === null ? null : () => void read(cursor),
  }
}
