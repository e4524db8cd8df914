// Shows a secret once. It exists only in the state of the component that opened this dialog, so only
// "I have stored it" closes the dialog.
import { Banner } from '@cloudflare/kumo/components/banner'
import { Button } from '@cloudflare/kumo/components/button'
import { WarningIcon } from '@phosphor-icons/react'
import type { ReactNode } from 'react'
import { Modal } from './modal.tsx'

type Props = {
  title: string
  /** What to do with the secret, and what to do when it is lost. */
  warning: string
  hint?: string | undefined
  onStored: () => void
  children: ReactNode
}

export function OneTimeSecretDialog({ title, warning, hint, onStored, children }: Props) {
  return (
    <Modal
      title={title}
      size="xl"
      buttons={
        <Button variant="primary" onClick={onStored}>
          I have stored it
        </Button>
      }
    >
      <Banner
        variant="alert"
        // Kumo's colour has a contrast of 4; WCAG AA needs 4.5.
        className="text-kumo-default"
        icon={<WarningIcon weight="fill" />}
        title="Shown only once"
        description={warning}
      />
      {hint && <p className="text-base text-kumo-default">{hint}</p>}
      {children}
    </Modal>
  )
}
