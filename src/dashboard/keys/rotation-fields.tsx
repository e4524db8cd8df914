// How long the old token of a rotated key still works, and when the new one expires.
import { Select } from '@cloudflare/kumo/components/select'
import { OverlapSelect, overlaps } from '../ui/overlap-select.tsx'
import type { Key } from './api.ts'
import { lifetimes, type RotationDraft } from './rotation-draft.ts'

export const overlapOptions: Record<string, string> = { ...overlaps, '2592000': 'After 30 days' }

type Props = {
  of: Key
  draft: RotationDraft
  isDisabled: boolean
  onChange: (draft: RotationDraft) => void
}

export function RotationFields({ of, draft, isDisabled, onChange }: Props) {
  return (
    <>
      <OverlapSelect
        label="Old token expires"
        overlap={draft.overlap}
        options={overlapOptions}
        isDisabled={isDisabled}
        onChange={(overlap) => onChange({ ...draft, overlap })}
      />
      <Select
        label="New token expires"
        value={draft.lifetime}
        onValueChange={(next) => onChange({ ...draft, lifetime: next ?? 'keep' })}
        items={lifetimes(of)}
        disabled={isDisabled}
      />
    </>
  )
}
