// Rate limits and credits. Collapsed for a key without limits.
import { Checkbox } from '@cloudflare/kumo/components/checkbox'
import { Collapsible } from '@cloudflare/kumo/components/collapsible'
import { useState } from 'react'
import { surface } from '../ui/card.tsx'
import { CreditFields } from './credit-fields.tsx'
import type { FieldProps, LimitFieldProps } from './field-props.ts'
import type { LimitDraft, LimitErrors } from './limit-draft.ts'
import { RateLimitFields } from './rate-limit-fields.tsx'

type Props = FieldProps & { errors: LimitErrors; isNew: boolean }

export function LimitFields({ draft, set, problem, errors, isNew }: Props) {
  const { limits } = draft
  const setLimits = (part: Partial<LimitDraft>) => set({ limits: { ...limits, ...part } })
  const [isOpen, setIsOpen] = useState(limits.windows.length > 0 || limits.hasCredits)
  const shown = {
    windows: errors.windows ?? problem?.of('rate_limit'),
    balance: errors.balance ?? problem?.of('credits.remaining'),
    refill: errors.refill ?? problem?.of('credits.refill'),
  }
  const hasError = Object.values(shown).some((error) => error !== undefined)
  return (
    <div className={`${surface} p-4`}>
      <Collapsible.Root open={isOpen || hasError} onOpenChange={setIsOpen}>
        <Collapsible.DefaultTrigger>Rate limits and credits</Collapsible.DefaultTrigger>
        <Collapsible.DefaultPanel>
          <div className="flex flex-col gap-6 pt-2">
            <RateLimitFields limits={limits} setLimits={setLimits} error={shown.windows} />
            <CreditFields
              limits={limits}
              setLimits={setLimits}
              error={shown.balance}
              refillError={shown.refill}
              isNew={isNew}
            />
            <SharedField
              limits={limits}
              setLimits={setLimits}
              hasExternalId={draft.externalId.trim() !== ''}
            />
          </div>
        </Collapsible.DefaultPanel>
      </Collapsible.Root>
    </div>
  )
}

type SharedProps = Omit<LimitFieldProps, 'error'> & { hasExternalId: boolean }

function SharedField({ limits, setLimits, hasExternalId }: SharedProps) {
  if (limits.windows.length === 0 && !limits.hasCredits) return null
  return (
    <div>
      <Checkbox
        label="Share limits with other keys of the external ID"
        checked={limits.isShared && hasExternalId}
        disabled={!hasExternalId}
        onCheckedChange={(isShared) => setLimits({ isShared })}
      />
      <p className="mt-1 text-sm text-kumo-subtle">
        {hasExternalId
          ? 'All keys with this option and this external ID use the same rate limits and credits.'
          : 'To share limits with other keys, enter an external ID below.'}
      </p>
    </div>
  )
}
