import { Button } from '@cloudflare/kumo/components/button'
import { PlusIcon } from '@phosphor-icons/react'
import { useLocation } from 'wouter'
import { useSignedIn } from '../api/signed-in.tsx'
import { readOnlyReason } from './read-only-notice.tsx'

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
