import { Button } from '@cloudflare/kumo/components/button'
import { PlusIcon } from '@phosphor-icons/react'
import { useLocation } from 'wouter'
import { readOnlyReason } from '../session/read-only-notice.tsx'
import { useSignedIn } from '../session/signed-in.tsx'

export function NewKeyButton() {
  const { canChange } = useSignedIn()
  const [, navigate] = useLocation()
  return (
    <Button
      variant="primary"
      icon={PlusIcon}
      disabled={!canChange}
      title={canChange ? '' : readOnlyReason}
      onClick={() => navigate('/keys/new')}
    >
      New API key
    </Button>
  )
}
