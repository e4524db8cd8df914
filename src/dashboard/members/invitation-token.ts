// The token of a mailed invitation, for as long as the page is loaded: who signs in meanwhile comes back to the invitation. It
// is never part of `next`, which servers get.
import { useEffect } from 'react'
import { useLinkToken } from '../session/use-link-token.ts'

const tokens = new Map<string, string>()

/** undefined: the link had none, or the page was loaded again. */
export const tokenOf = (invitationId: string) => tokens.get(invitationId)

export function useInvitationToken(invitationId: string): string | undefined {
  const token = useLinkToken()
  useEffect(() => {
    if (token !== '') tokens.set(invitationId, token)
  }, [invitationId, token])
  return token || tokenOf(invitationId)
}
