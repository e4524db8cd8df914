// Sign-in and sign-out. Each drops the query cache, which holds another session's data.
import { useQueryClient } from '@tanstack/react-query'
import { useLocation } from 'wouter'
import { withoutReads } from '../api/client.ts'
import { tellTabs } from '../api/tabs.ts'
import { dropDrafts } from '../ui/drafts.ts'
import { signIn, signOut } from './api.ts'
import { forgetSession } from './query-client.ts'

export function useSessionChanges() {
  const client = useQueryClient()
  const [, navigate] = useLocation()
  /** After a sign-in that is complete. */
  const enter = async (next: string) => {
    await client.resetQueries()
    tellTabs({ kind: 'signed-in' })
    navigate(`~${next}`, { replace: true })
  }
  return {
    enter,
    async signIn(email: string, password: string, next: string) {
      const { awaits_factor = [] } = await signIn(email, password)
      if (awaits_factor.length === 0) return enter(next)
      const step = new URLSearchParams({ awaits_factor: awaits_factor.join(), next })
      navigate(`~/sign-in?${step}`, { replace: true })
    },
    async signOut(next = '/sign-in') {
      await withoutReads(async () => {
        await client.cancelQueries()
        await signOut()
        dropDrafts()
        tellTabs({ kind: 'signed-out' })
        forgetSession(client)
      }).catch((error: unknown) => {
        void client.invalidateQueries()
        throw error
      })
      navigate(`~${next}`, { replace: true })
    },
  }
}
