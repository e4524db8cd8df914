// The one moment at which a secret can be seen: it lives in the state of whoever opened this dialog, and is
// gone with it. Closing takes "I have stored it".
import { Banner } from '@cloudflare/kumo/components/banner'
import { Button } from '@cloudflare/kumo/components/button'
import { WarningIcon } from '@phosphor-icons/react'
import type { ReactNode } from 'react'
import { Modal } from './modal.tsx'

type Props = {
  title: string
  /** What becomes of a secret that is lost, or that others know. */
  warning: string
  hint: string | undefined
  onStored: () => void
  children: ReactNode
}

export function ShownOnce({ title, warning, hint, onStored, children }: Props) {
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
        // Kumo's own colour has a contrast of 4 where 4.5 is needed.
        className="text-kumo-default"
        icon={<WarningIcon weight="fill" />}
        title="It is shown this once only"
        description={warning}
      />
      {hint && <p className="text-base text-kumo-default">{hint}</p>}
      {children}
    </Modal>
  )
}
