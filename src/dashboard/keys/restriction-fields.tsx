// Allowed IP addresses, the external ID and metadata. Collapsed, since few keys need them.
import { Collapsible } from '@cloudflare/kumo/components/collapsible'
import { InputArea } from '@cloudflare/kumo/components/input'
import { useState } from 'react'
import type { ApiProblem } from '../api/problem.ts'
import { surface } from '../ui/card.tsx'
import { errorProp } from '../ui/error-prop.ts'
import { TextInput } from '../ui/text-input.tsx'
import type { FieldProps } from './field-props.ts'
import { addressesOf } from './key-draft.ts'

/** `error`: of the metadata. */
type Props = FieldProps & { error: string | undefined }

export function RestrictionFields({ draft, set, problem, error }: Props) {
  const addressError = problem === null ? undefined : addressErrors(draft.addresses, problem)
  const idError = problem?.of('external_id')
  const metadataError = error ?? problem?.of('metadata')
  const [isOpen, setIsOpen] = useState(
    [draft.addresses, draft.externalId, draft.metadata].some((text) => text !== ''),
  )
  const isWrong = [addressError, idError, metadataError].some((each) => each !== undefined)
  return (
    <div className={`${surface} p-4`}>
      <Collapsible.Root open={isOpen || isWrong} onOpenChange={setIsOpen}>
        <Collapsible.DefaultTrigger>External ID, addresses, metadata</Collapsible.DefaultTrigger>
        <Collapsible.DefaultPanel>
          <div className="flex flex-col gap-5 pt-2">
            <InputArea
              label="Allowed IP addresses"
              placeholder={'203.0.113.7\n2001:db8::/32'}
              description="Addresses or CIDR blocks, one per line. Leave empty to allow every address."
              className="w-full max-w-lg font-mono"
              rows={Math.min(Math.max(3, draft.addresses.split('\n').length), 12)}
              spellCheck={false}
              value={draft.addresses}
              onValueChange={(addresses) => set({ addresses })}
              {...errorProp(addressError)}
            />
            <TextInput
              label="External ID"
              placeholder="customer-1042"
              description="Your own identifier of the customer or user of the key. Keys can be searched and revoked by it."
              className="w-full max-w-lg"
              maxLength={255}
              value={draft.externalId}
              onValueChange={(externalId) => set({ externalId })}
              passwordManagerIgnore
              error={idError}
            />
            <InputArea
              label="Metadata"
              placeholder={'{\n  "plan": "gold"\n}'}
              description="A JSON object of yours, up to 4 kB. Verification returns it to your services; it is never sent to whoever uses the key."
              className="w-full max-w-lg font-mono"
              rows={Math.min(Math.max(3, draft.metadata.split('\n').length), 12)}
              spellCheck={false}
              value={draft.metadata}
              onValueChange={(metadata) => set({ metadata })}
              {...errorProp(metadataError)}
            />
          </div>
        </Collapsible.DefaultPanel>
      </Collapsible.Root>
    </div>
  )
}

/** In which line what is wrong: `Line 3: 999.1.1.1 is not an IP address or CIDR block`. */
function addressErrors(text: string, problem: ApiProblem): string | undefined {
  const entries = text
    .split('\n')
    .flatMap((line, at) => addressesOf(line).map((entry) => ({ entry, line: at + 1 })))
  const lines = problem.errors.flatMap(({ path, message }) => {
    const found = entries[Number(/^allowed_ips\.(\d+)$/.exec(path)?.[1])]
    if (found === undefined) return []
    const words = message.replace(/^Not an? /, `${found.entry} is not an `)
    return [`Line ${found.line}: ${words}`]
  })
  return lines.length > 0 ? lines.join('. ') : problem.of('allowed_ips')
}
