// The credits of a key: what its requests may cost in all, and when they are filled up again.
import { Checkbox } from '@cloudflare/kumo/components/checkbox'
import { Input } from '@cloudflare/kumo/components/input'
import { Select } from '@cloudflare/kumo/components/select'
import { errorOf } from '../ui/error-prop.ts'
import type { LimitDraft } from './limit-draft.ts'
import type { LimitProps } from './limit-fields.tsx'

const refills = {
  never: 'Never',
  daily: 'Every day',
  monthly: 'Every month',
}

type Props = LimitProps & { refillError: string | undefined; isNew: boolean }

export function CreditFields({ limits, setLimits, error, refillError, isNew }: Props) {
  return (
    <fieldset className="flex min-w-0 flex-col items-start gap-3">
      <legend className="mb-3 text-base font-medium text-kumo-default">Credits</legend>
      <Checkbox
        label="Requests use up credits"
        checked={limits.hasCredits}
        onCheckedChange={(hasCredits) => setLimits({ hasCredits })}
      />
      {limits.hasCredits && (
        <>
          <Input
            label={isNew ? 'Credits to begin with' : 'Set the credits to'}
            className="w-48"
            inputMode="numeric"
            placeholder={isNew ? '1000' : 'As they are'}
            description={describe(limits, isNew)}
            value={limits.balance}
            onChange={(event) => setLimits({ balance: event.currentTarget.value })}
            passwordManagerIgnore
            {...errorOf(error)}
          />
          <RefillFields limits={limits} setLimits={setLimits} error={refillError} />
        </>
      )}
    </fieldset>
  )
}

function describe({ isShared }: LimitDraft, isNew: boolean): string {
  if (!isNew) return 'Left empty, the balance stays as it is.'
  return isShared
    ? 'Left empty, it joins the balance that its external id has.'
    : 'A request costs 1, unless whoever verifies the key says otherwise.'
}

function RefillFields({ limits, setLimits, error }: LimitProps) {
  const { refill, refillAmount, refillDay } = limits
  return (
    <div className="flex flex-wrap items-start gap-3">
      <Select
        label="Filled up again"
        className="w-40"
        value={refill}
        onValueChange={(next) => setLimits({ refill: (next ?? 'never') as LimitDraft['refill'] })}
        items={refills}
      />
      {refill !== 'never' && (
        <Input
          label="To"
          className="w-40"
          inputMode="numeric"
          placeholder="1000"
          description="At midnight UTC. A higher balance stays."
          value={refillAmount}
          onChange={(event) => setLimits({ refillAmount: event.currentTarget.value })}
          passwordManagerIgnore
          {...errorOf(error)}
        />
      )}
      {refill === 'monthly' && (
        <Input
          label="On day"
          className="w-24"
          inputMode="numeric"
          value={refillDay}
          onChange={(event) => setLimits({ refillDay: event.currentTarget.value })}
          passwordManagerIgnore
        />
      )}
    </div>
  )
}
