// What few keys need, folded away.
import { Collapsible } from '@cloudflare/kumo/components/collapsible'
import { Input, InputArea } from '@cloudflare/kumo/components/input'
import { useState } from 'react'
import { surface } from '../ui/card.tsx'
import { errorOf } from '../ui/error-prop.ts'
import type { FieldProps } from './key-form.tsx'

export function RestrictionFields({ draft, set, problem }: FieldProps) {
  const wrongAddress = problem?.of('allowed_ips')
  const wrongId = problem?.of('external_id')
  const [isOpen, setIsOpen] = useState(draft.addresses !== '' || draft.externalId !== '')
  return (
    <div className={`${surface} p-4`}>
      <Collapsible.Root
        open={isOpen || wrongAddress !== undefined || wrongId !== undefined}
        onOpenChange={setIsOpen}
      >
        <Collapsible.DefaultTrigger>Allowed addresses and external id</Collapsible.DefaultTrigger>
        <Collapsible.DefaultPanel>
          <div className="flex flex-col gap-5 pt-2">
            <InputArea
              label="Allowed addresses"
              placeholder={'203.0.113.7\n2001:db8::/32'}
              description="IP addresses or CIDR blocks, one a line. Left empty, the key works from anywhere."
              className="w-full max-w-lg font-mono"
              rows={3}
              spellCheck={false}
              value={draft.addresses}
              onValueChange={(addresses) => set({ addresses })}
              {...errorOf(wrongAddress)}
            />
            <Input
              label="External id"
              placeholder="customer-1042"
              description="Your own name for whom the key was made; keys can be searched and revoked by it."
              className="w-full max-w-lg"
              maxLength={255}
              value={draft.externalId}
              onChange={(event) => set({ externalId: event.currentTarget.value })}
              passwordManagerIgnore
              {...errorOf(wrongId)}
            />
          </div>
        </Collapsible.DefaultPanel>
      </Collapsible.Root>
    </div>
  )
}
