// Why nothing can be changed, for those who cannot.
import { InfoIcon } from '@phosphor-icons/react'
import { useSignedIn } from './signed-in.tsx'

export const readOnlyReason = 'Your role is Member: ask an admin or an owner for changes.'

export function ReadOnlyNotice() {
  const { account, canChange } = useSignedIn()
  if (canChange) return null
  const seniors = account.members.filter(({ role }) => role !== 'member').slice(0, 3)
  return (
    <div
      role="note"
      className="flex items-start gap-2 border-b border-kumo-hairline bg-kumo-info-tint px-4 py-2.5 text-base text-kumo-default md:px-8"
    >
      <InfoIcon size={20} aria-hidden className="mt-px shrink-0" />
      <p>
        You are a <strong>member</strong> of {account.name}: you see everything here and can change
        nothing. Ask {seniors.map(({ user }) => user.name).join(' or ') || 'an owner'} for changes.
      </p>
    </div>
  )
}
