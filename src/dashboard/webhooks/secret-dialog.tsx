// The signing secret of an endpoint, shown once, with code that uses it.
import { useState } from 'react'
import { CodeBlock } from '../ui/code-block.tsx'
import { CopyButton } from '../ui/copy-button.tsx'
import { FormDialog } from '../ui/form-dialog.tsx'
import { useHoldPage } from '../ui/held-page.ts'
import { OneTimeSecretDialog } from '../ui/one-time-secret-dialog.tsx'
import { useTask } from '../ui/use-task.ts'
import { type MadeEndpoint, rotateSecret } from './api.ts'

type Props = { made: MadeEndpoint; onStored: () => void }

const example = `import { Webhook } from 'standardwebhooks'

// Needs the raw body: parsed and serialized again, its bytes differ.
const event = new Webhook(process.env.LATCHKEY_WEBHOOK_SECRET)
  .verify(rawBody, request.headers)`

export function SecretDialog({ made, onStored }: Props) {
  const [replaced, setReplaced] = useState(made)
  const { secret } = replaced
  if (secret === undefined) {
    return <LostSecretDialog id={made.id} onReplaced={setReplaced} onClose={onStored} />
  }
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

type LostProps = { id: string; onReplaced: (made: MadeEndpoint) => void; onClose: () => void }

function LostSecretDialog({ id, onReplaced, onClose }: LostProps) {
  const task = useTask(() => rotateSecret(id, 0))
  useHoldPage(task.isPending)
  const replace = async () => {
    const done = await task.run()
    if (done !== null) onReplaced(done.result)
  }
  return (
    <FormDialog
      title="The endpoint is there, its secret was lost"
      submit="Make a new secret"
      cancel="Open the endpoint"
      task={task}
      waitingFor="Creating the secret"
      onSubmit={replace}
      onClose={onClose}
    >
      <p>
        The answer with the signing secret did not arrive here. A secret is shown only once, so it
        cannot be shown again. A new one takes its place.
      </p>
    </FormDialog>
  )
}
