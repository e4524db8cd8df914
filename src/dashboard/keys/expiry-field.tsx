import { Select } from '@cloudflare/kumo/components/select'
import { TextInput } from '../ui/text-input.tsx'
import { exactTime } from '../ui/time.tsx'
import type { FieldProps } from './field-props.ts'
import { type ExpiryChoice, expiresAt } from './key-draft.ts'

const choices = {
  '7': '7 days',
  '30': '30 days',
  '90': '90 days',
  '365': '1 year',
  date: 'Custom date…',
  never: 'No expiration',
}

type Props = FieldProps & { error: string | undefined; current: string | undefined }

export function ExpiryField({ draft, set, problem, error, current }: Props) {
  const items = current === undefined ? choices : { keep: current, ...choices }
  const end = expiresAt(draft, Date.now())
  const shownError = error ?? problem?.of('expires_at')
  return (
    <div className="flex flex-wrap items-start gap-3">
      <Select
        label="Expiration"
        className="w-56"
        value={draft.expiry}
        onValueChange={(next) => set({ expiry: (next ?? 'never') as ExpiryChoice })}
        items={items}
        description={describe(draft.expiry, end)}
        {...(shownError && draft.expiry !== 'date' && { error: shownError })}
      />
      {draft.expiry === 'date' && (
        <TextInput
          label="Last day"
          type="date"
          className="w-44"
          min={new Date().toISOString().slice(0, 10)}
          value={draft.date}
          onValueChange={(date) => set({ date })}
          error={shownError}
        />
      )}
    </div>
  )
}

function describe(choice: ExpiryChoice, end: Date | null): string {
  if (choice === 'keep') return 'The current expiration is kept.'
  if (choice === 'never') return 'The key works until it is revoked.'
  if (end === null) return 'The key expires at the end of the last day.'
  return `The key expires on ${exactTime(end.getTime())}.`
}
