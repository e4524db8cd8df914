import { useId } from 'preact/hooks'
import type { Key } from '../session/types.ts'
import { Select } from '../ui/fields.tsx'

export type StatusChoice = Key['status'] | ''

const choices: Record<StatusChoice, string> = {
  '': 'All keys',
  active: 'Active',
  disabled: 'Disabled',
  expired: 'Expired',
  revoked: 'Revoked',
}

type Props = { value: StatusChoice; onChange: (value: StatusChoice) => void }

export function StatusFilter({ value, onChange }: Props) {
  const id = useId()
  return (
    <div class="flex items-center gap-2 text-sm">
      <label for={id}>Show</label>
      <Select {...{ id, value, choices, onChange }} />
    </div>
  )
}
