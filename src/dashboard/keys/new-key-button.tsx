import { PlusIcon } from '@phosphor-icons/react'
import { useLocation } from 'wouter'
import { PrimaryAction } from '../session/read-only.tsx'

export function NewKeyButton() {
  const [, navigate] = useLocation()
  return (
    <PrimaryAction icon={PlusIcon} onClick={() => navigate('/keys/new')}>
      Create API key
    </PrimaryAction>
  )
}
