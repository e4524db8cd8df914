import { Button } from '@cloudflare/kumo/components/button'
import type { AccountAction } from './account-dialogs.tsx'
import type { Account } from './api.ts'

type Props = { value: Account; onSelect: (action: AccountAction) => void }

/** Of the platform itself only the name can be changed. */
export function AccountActions({ value: { status, is_platform }, onSelect }: Props) {
  return (
    <>
      <Button onClick={() => onSelect('edit')}>Edit</Button>
      {!is_platform &&
        (status === 'active' ? (
          <Button onClick={() => onSelect('suspend')}>Suspend</Button>
        ) : (
          <Button onClick={() => onSelect('resume')}>Resume</Button>
        ))}
      {!is_platform && status !== 'closing' && (
        <Button variant="secondary-destructive" onClick={() => onSelect('delete')}>
          Delete
        </Button>
      )}
    </>
  )
}
