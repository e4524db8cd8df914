// The session of the page: begun with the code of a link or kept through a reload, renewed while it is used, and over.
import { useEffect, useState } from 'preact/hooks'
import { onNextCode, takeCode } from './address-code.ts'
import { type Answer, CallFailure, call, type Failure } from './call.ts'
import { endOf, renewed, type SessionEnd } from './session-clock.ts'
import { keepHostOrigin, keepToken, sessionToken } from './stored-session.ts'
import type { BegunSession, Session } from './types.ts'

/** `used`: the code counts no more. `none`: the page was opened without a link. */
export type Ending = 'used' | 'none' | 'ended' | 'signed_out'

export type PortalState =
  | { kind: 'loading' }
  | { kind: 'failed'; failure: Failure }
  | { kind: 'over'; ending: Ending }
  | { kind: 'open'; session: Session; end: SessionEnd }

let state: PortalState = { kind: 'loading' }
const listeners = new Set<(state: PortalState) => void>()
/** Until it was answered: a request that failed on its way may be sent again. */
let code: string | null = null

export function usePortal(): PortalState {
  const [shown, setShown] = useState(state)
  useEffect(() => {
    listeners.add(setShown)
    setShown(state)
    return () => void listeners.delete(setShown)
  }, [])
  return shown
}

function set(next: PortalState): void {
  state = next
  for (const listener of listeners) listener(next)
}

export function startPortal(): void {
  onNextCode(() => void begin())
  void begin()
}

export async function begin(): Promise<void> {
  set({ kind: 'loading' })
  code = takeCode() ?? code
  try {
    if (code !== null) {
      // Of another customer, perhaps: a link that does not work leaves nobody signed in.
      keepToken(null)
      const counted = await exchange(code)
      code = null
      if (!counted) return endHere('used')
    }
    if (sessionToken() === null) return endHere('none')
    await readSession()
  } catch (error) {
    if (!(error instanceof CallFailure)) throw error
    if (error.failure.status !== 401) set({ kind: 'failed', failure: error.failure })
  }
}

/** Whether the code counted. @throws CallFailure */
async function exchange(body: string): Promise<boolean> {
  try {
    const options = { method: 'POST', body: { code: body }, isAnonymous: true } as const
    keepToken((await call<BegunSession>('/session', options)).data.token)
    return true
  } catch (error) {
    if (error instanceof CallFailure && error.failure.status === 400) return false
    throw error
  }
}

/** Every request of a session: it renews it, or tells that it has ended. @throws CallFailure */
export async function callPortal<T>(...request: Parameters<typeof call>): Promise<Answer<T>> {
  const token = sessionToken()
  try {
    const answer = await call<T>(...request)
    if (state.kind === 'open') set({ ...state, end: renewed(state.end, Date.now()) })
    return answer
  } catch (error) {
    const isRefused = error instanceof CallFailure && error.failure.status === 401
    // Of an earlier session, perhaps.
    if (isRefused && token === sessionToken()) endHere('ended')
    throw error
  }
}

/** @throws CallFailure */
export async function readSession(): Promise<void> {
  const { data: session, headers } = await callPortal<Session>('/session')
  keepHostOrigin(session.origin)
  set({ kind: 'open', session, end: endOf(session, headers, Date.now()) })
}

/** Where the rest of the page goes on: what fails there is shown there. */
export function rereadSession(): Promise<void> {
  return readSession().catch((error: unknown) => {
    if (!(error instanceof CallFailure)) throw error
  })
}

let isRenewing = false

/** One at a time: the press of a button is also a use of the page. */
export function renewSession(): void {
  if (isRenewing) return
  isRenewing = true
  void rereadSession().finally(() => {
    isRenewing = false
  })
}

/** Where the server cannot be told, this tab forgets its session all the same. */
export async function signOut(): Promise<void> {
  await call('/session', { method: 'DELETE' }).catch(() => {})
  endHere('signed_out')
}

function endHere(ending: Ending): void {
  keepToken(null)
  set({ kind: 'over', ending })
}
