// Shows a secret once. It exists only in the state of the component that opened this dialog, so only its button
// closes the dialog, and the page is held meanwhile.
import { Banner } from '@cloudflare/kumo/components/banner'
import { Button } from '@cloudflare/kumo/components/button'
import { WarningIcon } from '@phosphor-icons/react'
import type { ReactNode } from 'react'
import { HeldNotice } from './held-notice.tsx'
import { Modal } from './modal.tsx'

type Props = {
  title: string
  /** What to do with the secret, and what to do when it is lost. */
  warning: string
  hint?: string | undefined
  /** On the button that closes it. */
  confirmation?: string
  onStored: () => void
  children: ReactNode
}

export function OneTimeSecretDialog(props: Props) {
  const { title, warning, hint, confirmation = 'I have stored it', onStored, children } = props
  return (
    <Modal
      title={title}
      size="xl"
      buttons={
        <Button variant="primary" onClick={onStored}>
          {confirmation}
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
      <HeldNotice confirmation={confirmation} />
      {hint && <p className="text-base text-kumo-default">{hint}</p>}
      {children}
    </Modal>
  )
}
