// Allowed IP addresses and the external ID. Collapsed, since few keys need them.
import { Collapsible } from '@cloudflare/kumo/components/collapsible'
import { InputArea } from '@cloudflare/kumo/components/input'
import { useState } from 'react'
import { surface } from '../ui/card.tsx'
import { errorProp } from '../ui/error-prop.ts'
import { TextInput } from '../ui/text-input.tsx'
import type { FieldProps } from './field-props.ts'

export function RestrictionFields({ draft, set, problem }: FieldProps) {
  const addressError = problem?.of('allowed_ips')
  const idError = problem?.of('external_id')
  const [isOpen, setIsOpen] = useState(draft.addresses !== '' || draft.externalId !== '')
  return (
    <div className={`${surface} p-4`}>
      <Collapsible.Root
        open={isOpen || addressError !== undefined || idError !== undefined}
        onOpenChange={setIsOpen}
      >
        <Collapsible.DefaultTrigger>
          Allowed IP addresses and external ID
        </Collapsible.DefaultTrigger>
        <Collapsible.DefaultPanel>
          <div className="flex flex-col gap-5 pt-2">
            <InputArea
              label="Allowed IP addresses"
              placeholder={'203.0.113.7\n2001:db8::/32'}
              description="Addresses or CIDR blocks, one per line. Leave empty to allow every address."
              className="w-full max-w-lg font-mono"
              rows={3}
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
          </div>
        </Collapsible.DefaultPanel>
      </Collapsible.Root>
    </div>
  )
}
