// Whether what is shown still holds. A green light that is minutes old must not look like one of now.
import { createContext, type ReactNode, useContext } from 'react'
import { useNow } from './time.tsx'
import { useConnection } from './use-connection.ts'

const Context = createContext(true)

export const useIsFresh = () => useContext(Context)

export function Freshness({ isFresh, children }: { isFresh: boolean; children: ReactNode }) {
  return <Context value={isFresh}>{children}</Context>
}

type Query = { error: Error | null; dataUpdatedAt: number }

/** @param maxAgeMs of an answer, which is read again more often */
export function useQueryIsFresh({ error, dataUpdatedAt }: Query, maxAgeMs: number): boolean {
  const { isOffline, isLost } = useConnection()
  const isYoung = useNow() - dataUpdatedAt < maxAgeMs
  return !isOffline && !isLost && error === null && isYoung
}
