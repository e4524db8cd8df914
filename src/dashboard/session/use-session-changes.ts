// Sign-in and sign-out. Each drops the query cache, which holds another session's data.
import { useQueryClient } from '@tanstack/react-query'
import { useLocation } from 'wouter'
import { sessionQuery, signIn, signOut } from './api.ts'

export function useSessionChanges() {
  const client = useQueryClient()
  const [, navigate] = useLocation()
  return {
    async signIn(email: string, password: string, next: string) {
      await signIn(email, password)
      await client.resetQueries()
      navigate(`~${next}`, { replace: true })
    },
    async signOut(next = '/sign-in') {
      await signOut()
      client.setQueryData(sessionQuery.queryKey, null)
      client.removeQueries({ predicate: ({ queryKey }) => queryKey !== sessionQuery.queryKey })
      navigate(`~${next}`, { replace: true })
    },
  }
}
