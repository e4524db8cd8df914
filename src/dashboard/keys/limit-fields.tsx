// How much a key may be used, folded away where it has no limits.
import { Checkbox } from '@cloudflare/kumo/components/checkbox'
import { Collapsible } from '@cloudflare/kumo/components/collapsible'
import { useState } from 'react'
import { surface } from '../ui/card.tsx'
import { CreditFields } from './credit-fields.tsx'
import type { FieldProps } from './key-form.tsx'
import type { LimitDraft, LimitErrors } from './limit-draft.ts'
import { WindowFields } from './rate-limit-fields.tsx'

type Props = FieldProps & { errors: LimitErrors; isNew: boolean }

/** One part of the limits: what is drafted, how to change it, and what is wrong with it. */
export type LimitProps = {
  limits: LimitDraft
  setLimits: (part: Partial<LimitDraft>) => void
  error: string | undefined
}

export function LimitFields({ draft, set, problem, errors, isNew }: Props) {
  const { limits } = draft
  const setLimits = (part: Partial<LimitDraft>) => set({ limits: { ...limits, ...part } })
  const [isOpen, setIsOpen] = useState(limits.windows.length > 0 || limits.hasCredits)
  const wrong = {
    windows: errors.windows ?? problem?.of('rate_limit'),
    balance: errors.balance ?? problem?.of('credits.remaining'),
    refill: errors.refill ?? problem?.of('credits.refill'),
  }
  const isAnyWrong = Object.values(wrong).some((error) => error !== undefined)
  return (
    <div className={`${surface} p-4`}>
      <Collapsible.Root open={isOpen || isAnyWrong} onOpenChange={setIsOpen}>
        <Collapsible.DefaultTrigger>Rate limits and credits</Collapsible.DefaultTrigger>
        <Collapsible.DefaultPanel>
          <div className="flex flex-col gap-6 pt-2">
            <WindowFields limits={limits} setLimits={setLimits} error={wrong.windows} />
            <CreditFields
              limits={limits}
              setLimits={setLimits}
              error={wrong.balance}
              refillError={wrong.refill}
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

type SharedProps = Pick<LimitProps, 'limits' | 'setLimits'> & { hasExternalId: boolean }

function SharedField({ limits, setLimits, hasExternalId }: SharedProps) {
  if (limits.windows.length === 0 && !limits.hasCredits) return null
  return (
    <div>
      <Checkbox
        label="Share the limits with all keys of its external id"
        checked={limits.isShared && hasExternalId}
        disabled={!hasExternalId}
        onCheckedChange={(isShared) => setLimits({ isShared })}
      />
      <p className="mt-1 text-sm text-kumo-subtle">
        {hasExternalId
          ? 'Keys that say so use up the same windows and the same credits.'
          : 'Give it an external id below to share its limits with other keys.'}
      </p>
    </div>
  )
}
