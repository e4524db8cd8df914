// How long an old token or secret stays valid after a rotation.
import { Select } from '@cloudflare/kumo/components/select'

/** By seconds. */
export const overlaps = {
  '0': 'Immediately',
  '3600': 'After 1 hour',
  '86400': 'After 1 day',
  '604800': 'After 7 days',
}

export const defaultOverlap = '86400'

type Props = {
  label: string
  overlap: string
  options?: Record<string, string>
  isDisabled: boolean
  onChange: (overlap: string) => void
}

export function OverlapSelect({ label, overlap, options = overlaps, isDisabled, onChange }: Props) {
  return (
    <Select
      label={label}
      value={overlap}
      onValueChange={(next) => onChange(next ?? '0')}
      items={options}
      disabled={isDisabled}
    />
  )
}
