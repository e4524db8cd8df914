// The one moment at which the secret of an endpoint can be seen; it lives in the state of whoever opened
// this dialog, and is gone with it.
import { Banner } from '@cloudflare/kumo/components/banner'
import { Button } from '@cloudflare/kumo/components/button'
import { WarningIcon } from '@phosphor-icons/react'
import type { EndpointWithSecret } from '../api/webhooks.ts'
import { CopyButton } from './copy-button.tsx'
import { Modal } from './modal.tsx'
import { SecretPart } from './secret-part.tsx'

type Props = { made: EndpointWithSecret; hint?: string; onStored: () => void }

const verifying = `import { Webhook } from 'standardwebhooks'

// The raw body: parsed and written anew it is another text.
const event = new Webhook(process.env.LATCHKEY_WEBHOOK_SECRET)
  .verify(rawBody, request.headers)`

export function SecretDialog({ made, hint, onStored }: Props) {
  return (
    <Modal
      title="Store the signing secret now"
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
        description="Your receiver needs it to tell messages of Latchkey from those of anybody else. Lost, it can be rotated."
      />
      {hint && <p className="text-base text-kumo-default">{hint}</p>}
      <SecretPart
        title="Secret"
        buttons={<CopyButton text={made.secret} what="secret" isPrimary />}
      >
        {made.secret}
      </SecretPart>
      <SecretPart title="Check every message" buttons={<CopyButton text={verifying} what="code" />}>
        {verifying}
      </SecretPart>
    </Modal>
  )
}
