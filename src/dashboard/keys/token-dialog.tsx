// A token, shown once: never in a URL, in storage or in a cache. Leaving the page asks first.
import { Button } from '@cloudflare/kumo/components/button'
import { DownloadSimpleIcon } from '@phosphor-icons/react'
import { useEffect } from 'react'
import { SecretPart } from '../ui/code-block.tsx'
import { CopyButton } from '../ui/copy-button.tsx'
import { ShownOnce } from '../ui/one-time-secret-dialog.tsx'
import type { MintedKey } from './api.ts'

type Props = { minted: MintedKey; hint?: string; onStored: () => void }

export function TokenDialog({ minted, hint, onStored }: Props) {
  const { key: token, name } = minted
  useEffect(() => {
    const ask = (event: BeforeUnloadEvent) => event.preventDefault()
    addEventListener('beforeunload', ask)
    return () => removeEventListener('beforeunload', ask)
  }, [])
  return (
    <ShownOnce
      title={`Store the token of ${name} now`}
      warning="Latchkey keeps only a hash of it. Whoever has the token has the key: put it into a secret store, not into code."
      hint={hint}
      onStored={onStored}
    >
      <SecretPart
        title="Token"
        buttons={
          <>
            <CopyButton text={token} what="token" isPrimary />
            <Button
              size="sm"
              icon={DownloadSimpleIcon}
              onClick={() => download(`${slug(name)}.env`, `LATCHKEY_API_KEY=${token}\n`)}
            >
              Download .env
            </Button>
          </>
        }
      >
        {token}
      </SecretPart>
      <SecretPart title="Try it" buttons={<CopyButton text={curlWith(token)} what="command" />}>
        {curlWith(token)}
      </SecretPart>
    </ShownOnce>
  )
}

function curlWith(token: string): string {
  return `curl ${location.origin}/api/v1/me \\\n  -H 'X-API-Key: ${token}'`
}

function slug(name: string): string {
  const plain = name.toLowerCase().replaceAll(/[^a-z0-9]+/g, '-')
  return plain.replaceAll(/^-|-$/g, '') || 'latchkey'
}

/** By a blob, whose URL says nothing; a data: URL would hold the token. */
function download(fileName: string, text: string): void {
  const url = URL.createObjectURL(new Blob([text], { type: 'text/plain' }))
  const link = document.createElement('a')
  link.href = url
  link.download = fileName
  link.click()
  URL.revokeObjectURL(url)
}
