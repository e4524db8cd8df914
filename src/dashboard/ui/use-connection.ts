import { useSyncExternalStore } from 'react'
import { connection } from '../api/connection.ts'

function subscribeToNetwork(listener: () => void): () => void {
  addEventListener('online', listener)
  addEventListener('offline', listener)
  return () => {
    removeEventListener('online', listener)
    removeEventListener('offline', listener)
  }
}

/** `isOffline`: the browser has no network; `isLost`: the last request got no answer. */
export function useConnection(): { isOffline: boolean; isLost: boolean } {
  const isOffline = !useSyncExternalStore(subscribeToNetwork, () => navigator.onLine)
  const isLost = useSyncExternalStore(connection.on, connection.lostAtMs) !== null
  return { isOffline, isLost }
}
