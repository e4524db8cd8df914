import { Checkbox } from '@cloudflare/kumo/components/checkbox'
import { Select } from '@cloudflare/kumo/components/select'
import { NumberInput } from '../ui/text-input.tsx'
import type { LimitFieldProps } from './field-props.ts'
import type { LimitDraft } from './limit-draft.ts'

const refills = {
  never: 'Never',
  daily: 'Daily',
  monthly: 'Monthly',
}

type Props = LimitFieldProps & { refillError: string | undefined; isNew: boolean }

export function CreditFields({ limits, setLimits, error, refillError, isNew }: Props) {
  return (
    <fieldset className="flex min-w-0 flex-col items-start gap-3">
      <legend className="mb-3 text-base font-medium text-kumo-default">Credits</legend>
      <Checkbox
        label="Requests consume credits"
        checked={limits.hasCredits}
        onCheckedChange={(hasCredits) => setLimits({ hasCredits })}
      />
      {limits.hasCredits && (
        <>
          <NumberInput
            label={isNew ? 'Initial credits' : 'Set credits to'}
            className="w-48"
            placeholder={isNew ? '1000' : 'Unchanged'}
            description={describe(limits, isNew)}
            value={limits.balance}
            onValueChange={(balance) => setLimits({ balance })}
            error={error}
          />
          <RefillFields limits={limits} setLimits={setLimits} error={refillError} />
        </>
      )}
    </fieldset>
  )
}

function describe({ isShared }: LimitDraft, isNew: boolean): string {
  if (!isNew) return 'Leave empty to keep the current balance.'
  return isShared
    ? 'Leave empty to use the current balance of the external ID.'
    : 'A request costs 1 credit, unless the caller that verifies the key sets another cost.'
}

function RefillFields({ limits, setLimits, error }: LimitFieldProps) {
  const { refill, refillAmount, refillDay } = limits
  return (
    <div className="flex flex-wrap items-start gap-3">
      <Select
        label="Refill"
        className="w-40"
        value={refill}
        onValueChange={(next) => setLimits({ refill: (next ?? 'never') as LimitDraft['refill'] })}
        items={refills}
      />
      {refill !== 'never' && (
        <NumberInput
          label="Refill to"
          className="w-40"
          placeholder="1000"
          description="At midnight UTC. A higher balance is kept."
          value={refillAmount}
          onValueChange={(amount) => setLimits({ refillAmount: amount })}
          error={error}
        />
      )}
      {refill === 'monthly' && (
        <NumberInput
          label="Day of the month"
          className="w-36"
          value={refillDay}
          onValueChange={(day) => setLimits({ refillDay: day })}
        />
      )}
    </div>
  )
}
