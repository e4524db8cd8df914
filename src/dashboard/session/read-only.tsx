// Members of an account, and everyone of a suspended one, can only read: a notice on every page, and the button that
// creates something.
import { Button, type ButtonProps } from '@cloudflare/kumo/components/button'
import { InfoIcon } from '@phosphor-icons/react'
import { useSignedIn } from './signed-in.tsx'

export function ReadOnlyNotice() {
  const { account, role } = useSignedIn()
  if (role !== 'member') return null
  const admins = account.members.filter((member) => member.role !== 'member').slice(0, 3)
  return (
    <div
      role="note"
      className="flex items-start gap-2 border-b border-kumo-hairline bg-kumo-info-tint px-4 py-2.5 text-base text-kumo-default md:px-8"
    >
      <InfoIcon size={20} aria-hidden className="mt-px shrink-0" />
      <p>
        You are a <strong>member</strong> of <bdi>{account.name}</bdi>: you can view its keys,
        webhooks, members and audit log, but not change them. Ask{' '}
        {admins.map(({ user }) => user.name).join(' or ') || 'an owner'} to make changes.
      </p>
    </div>
  )
}

type Props = { icon: NonNullable<ButtonProps['icon']>; onClick: () => void; children: string }

/** The primary action of a page, disabled for those who can only read. */
export function PrimaryAction({ icon, onClick, children }: Props) {
  const { readOnlyReason } = useSignedIn()
  return (
    <Button
      variant="primary"
      icon={icon}
      disabled={readOnlyReason !== null}
      title={readOnlyReason ?? ''}
      onClick={onClick}
    >
      {children}
    </Button>
  )
}
