// The secret of a webhook endpoint, shown once, with the code that needs it.

import { SecretPart } from '../ui/code-block.tsx'
import { CopyButton } from '../ui/copy-button.tsx'
import { ShownOnce } from '../ui/one-time-secret-dialog.tsx'
import type { EndpointWithSecret } from './api.ts'

type Props = { made: EndpointWithSecret; hint?: string; onStored: () => void }

const verifying = `import { Webhook } from 'standardwebhooks'

// The raw body: parsed and written anew it is another text.
const event = new Webhook(process.env.LATCHKEY_WEBHOOK_SECRET)
  .verify(rawBody, request.headers)`

export function SecretDialog({ made, hint, onStored }: Props) {
  return (
    <ShownOnce
      title="Store the signing secret now"
      warning="Your receiver needs it to tell messages of Latchkey from those of anybody else. Lost, it can be rotated."
      hint={hint}
      onStored={onStored}
    >
      <SecretPart
        title="Secret"
        buttons={<CopyButton text={made.secret} what="secret" isPrimary />}
      >
        {made.secret}
      </SecretPart>
      <SecretPart title="Check every message" buttons={<CopyButton text={verifying} what="code" />}>
        {verifying}
      </SecretPart>
    </ShownOnce>
  )
}
