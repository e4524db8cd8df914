// Signing in and out and changing the account: each time, nothing of before may stay in the cache.
import { useQueryClient } from '@tanstack/react-query'
import { useLocation } from 'wouter'
import { people } from '../api/people.ts'
import { sessionQuery } from '../api/queries.ts'

export function useSessionChanges() {
  const client = useQueryClient()
  const [, navigate] = useLocation()
  return {
    async signIn(email: string, password: string, next: string) {
      await people.signIn(email, password)
      await client.resetQueries()
      navigate(next, { replace: true })
    },
    async signOut(next = '/sign-in') {
      await people.signOut()
      client.setQueryData(sessionQuery.queryKey, null)
      client.removeQueries({ predicate: ({ queryKey }) => queryKey !== sessionQuery.queryKey })
      navigate(next, { replace: true })
    },
    async enterAccount(id: string) {
      await people.enterAccount(id)
      navigate('/keys')
      await client.resetQueries()
    },
  }
}
