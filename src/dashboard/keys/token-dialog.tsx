// A new token, shown once. It is never in a URL, in storage or in a cache.
import { Button } from '@cloudflare/kumo/components/button'
import { DownloadSimpleIcon } from '@phosphor-icons/react'
import { CodeBlock } from '../ui/code-block.tsx'
import { CopyButton } from '../ui/copy-button.tsx'
import { downloadText } from '../ui/download.ts'
import { OneTimeSecretDialog } from '../ui/one-time-secret-dialog.tsx'
import type { MintedKey } from './api.ts'

type Props = { minted: MintedKey; hint: string | undefined; onStored: () => void }

export function TokenDialog({ minted, hint, onStored }: Props) {
  const { key: token, name } = minted
  return (
    <OneTimeSecretDialog
      title={`Store the token of ${name}`}
      warning="Latchkey stores only a hash of it. Everyone who has the token can use the key: keep it in a secret store, not in code."
      hint={hint}
      onStored={onStored}
    >
      <CodeBlock
        title="Token"
        buttons={
          <>
            <CopyButton text={token} what="token" isPrimary />
            <Button
              size="sm"
              icon={DownloadSimpleIcon}
              onClick={() => downloadText(`LATCHKEY_API_KEY=${token}\n`, `${slug(name)}.env`)}
            >
              Download .env
            </Button>
          </>
        }
      >
        {token}
      </CodeBlock>
      <CodeBlock title="Try it" buttons={<CopyButton text={curlWith(token)} what="command" />}>
        {curlWith(token)}
      </CodeBlock>
    </OneTimeSecretDialog>
  )
}

function curlWith(token: string): string {
  return `curl ${location.origin}/api/v1/me \\\n  -H 'X-API-Key: ${token}'`
}

function slug(name: string): string {
  const plain = name.toLowerCase().replaceAll(/[^a-z0-9]+/g, '-')
  return plain.replaceAll(/^-|-$/g, '') || 'latchkey'
}
