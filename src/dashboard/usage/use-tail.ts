// Follows the request log while the tab is visible. Whether it is live is always known, since what is shown must not pass
// for all that there is.
import { useEffect, useRef, useState, useSyncExternalStore } from 'react'
import { eventsOf } from '../api/event-stream.ts'
import { ApiProblem, unexpected } from '../api/problem.ts'
import { signInAgain } from '../api/questions.ts'
import { followPath, type LoggedRequest, type RequestFilter } from './requests.ts'

/** `refused`: it will not be tried again. */
export type TailState = 'off' | 'hidden' | 'connecting' | 'live' | 'lost' | 'refused'

type Listener = {
  /** From here on, every request is told. */
  onOpen: () => void
  onRequest: (request: LoggedRequest) => void
}

/** The server ends a stream after five minutes: it is followed anew at once. One that breaks off sooner is not. */
const lastingMs = 10_000
const maxDelayMs = 30_000

export function useTail(filter: RequestFilter, isOn: boolean, listener: Listener): TailState {
  const [state, setState] = useState<TailState>('connecting')
  const isVisible = useIsVisible()
  const path = followPath(filter)
  const latest = useRef(listener)
  useEffect(() => {
    latest.current = listener
  })
  useEffect(() => {
    if (!isOn || !isVisible) return
    const end = new AbortController()
    void follow(path, end.signal, latest, setState)
    return () => end.abort()
  }, [path, isOn, isVisible])
  if (!isOn) return 'off'
  return isVisible ? state : 'hidden'
}

async function follow(
  path: string,
  signal: AbortSignal,
  listener: { current: Listener },
  tell: (state: TailState) => void,
): Promise<void> {
  tell('connecting')
  for (let failures = 0; !signal.aborted; ) {
    const beganAtMs = Date.now()
    const problem = await followOnce(path, signal, listener, tell)
    if (signal.aborted) return
    if (problem?.status === 401 && (await signInAgain.ask(beganAtMs))) continue
    if (problem !== null && problem.status >= 400 && problem.status < 500) return tell('refused')
    failures = Date.now() - beganAtMs < lastingMs ? failures + 1 : 0
    if (problem !== null || failures > 0) tell('lost')
    await pause(failures === 0 ? 0 : Math.min(1_000 * 2 ** (failures - 1), maxDelayMs), signal)
  }
}

/** @returns why it ended, where it did not end by itself */
async function followOnce(
  path: string,
  signal: AbortSignal,
  listener: { current: Listener },
  tell: (state: TailState) => void,
): Promise<ApiProblem | null> {
  try {
    for await (const { event, data } of eventsOf(path, signal)) {
      if (signal.aborted) return null
      if (event === 'open') {
        tell('live')
        listener.current.onOpen()
      }
      if (event === 'request') listener.current.onRequest(JSON.parse(data) as LoggedRequest)
    }
    return null
  } catch (error) {
    return error instanceof ApiProblem ? error : unexpected(error)
  }
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ms)
    signal.addEventListener('abort', () => {
      clearTimeout(timer)
      resolve()
    })
  })
}

function subscribe(listener: () => void): () => void {
  document.addEventListener('visibilitychange', listener)
  return () => document.removeEventListener('visibilitychange', listener)
}

function useIsVisible(): boolean {
  return useSyncExternalStore(subscribe, () => document.visibilityState === 'visible')
}
