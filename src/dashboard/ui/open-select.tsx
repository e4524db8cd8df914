// Of filter-select.tsx, which loads it.
import { Select } from '@cloudflare/kumo/components/select'

export type Choice = {
  label: string
  className: string
  value: string
  /** The name of each value. */
  items: Record<string, string>
  onValueChange: (next: string | null) => void
}

export default function OpenSelect({ label, ...choice }: Choice) {
  return <Select aria-label={label} defaultOpen {...choice} />
}
