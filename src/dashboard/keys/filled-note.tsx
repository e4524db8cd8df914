// Above the form of a key that a link has filled in: what would change, before and after.
import { Banner } from '@cloudflare/kumo/components/banner'
import type { Key, KeyChanges } from './api.ts'
import { compareVersions } from './key-versions.ts'

type Props = { before: Key; changes: KeyChanges; reasons: readonly string[] }

export function FilledNote({ before, changes, reasons }: Props) {
  const rows = compareVersions(before, before, changes)
  return (
    <Banner
      variant="secondary"
      title={rows.length > 0 ? 'A change is filled in' : 'There is nothing to change'}
      description={
        <>
          {reasons.map((reason) => (
            <span key={reason} className="block">
              {reason}
            </span>
          ))}
          {rows.map(({ name, before: old, mine }) => (
            <span key={name} className="block wrap-anywhere">
              {name}: {old} → <strong className="font-medium">{mine}</strong>
            </span>
          ))}
          {rows.length > 0 && <span className="block">Nothing changes until you save it.</span>}
        </>
      }
    />
  )
}
