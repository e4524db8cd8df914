// The signing secret of an endpoint, shown once, with code that uses it.
import { CodeBlock } from '../ui/code-block.tsx'
import { CopyButton } from '../ui/copy-button.tsx'
import { OneTimeSecretDialog } from '../ui/one-time-secret-dialog.tsx'

type Props = { secret: string; onStored: () => void }

const example = `import { Webhook } from 'standardwebhooks'

// Needs the raw body: parsed and serialized again, its bytes differ.
const event = new Webhook(process.env.LATCHKEY_WEBHOOK_SECRET)
  .verify(rawBody, request.headers)`

export function SecretDialog({ secret, onStored }: Props) {
  return (
    <OneTimeSecretDialog
      title="Store the signing secret"
      warning="Your receiver needs it to verify that a message comes from Latchkey. If you lose it, rotate it."
      onStored={onStored}
    >
      <CodeBlock title="Secret" buttons={<CopyButton text={secret} what="secret" isPrimary />}>
        {secret}
      </CodeBlock>
      <CodeBlock title="Verify each message" buttons={<CopyButton text={example} what="code" />}>
        {example}
      </CodeBlock>
    </OneTimeSecretDialog>
  )
}
