import { Input } from '@cloudflare/kumo/components/input'
import { Select } from '@cloudflare/kumo/components/select'
import { errorOf } from '../ui/error-prop.ts'
import { exactTime } from '../ui/time.tsx'
import { type ExpiryChoice, expiresAt } from './key-draft.ts'
import type { FieldProps } from './key-form.tsx'

const presets = {
  '7': '7 days',
  '30': '30 days',
  '90': '90 days',
  '365': '1 year',
  date: 'On a date…',
  never: 'Never',
}

type Props = FieldProps & { error: string | undefined; existing: string | undefined }

export function ExpiryField({ draft, set, problem, error, existing }: Props) {
  const items = existing === undefined ? presets : { keep: existing, ...presets }
  const end = expiresAt(draft, Date.now())
  const wrong = error ?? problem?.of('expires_at')
  return (
    <div className="flex flex-wrap items-start gap-3">
      <Select
        label="Expires"
        className="w-56"
        value={draft.expiry}
        onValueChange={(next) => set({ expiry: (next ?? 'never') as ExpiryChoice })}
        items={items}
        description={describe(draft.expiry, end)}
        {...(wrong && draft.expiry !== 'date' && { error: wrong })}
      />
      {draft.expiry === 'date' && (
        <Input
          label="Last day"
          type="date"
          className="w-44"
          min={new Date().toISOString().slice(0, 10)}
          value={draft.date}
          onChange={(event) => set({ date: event.currentTarget.value })}
          {...errorOf(wrong)}
        />
      )}
    </div>
  )
}

function describe(choice: ExpiryChoice, end: Date | null): string {
  if (choice === 'keep') return 'As it is now.'
  if (choice === 'never') return 'It works until somebody revokes it.'
  return end === null ? 'At the end of that day.' : `It stops on ${exactTime(end.getTime())}.`
}
