// What a key with keys:manage may grant, in words.
import type { Key } from './api.ts'
import { grantLines } from './grant-text.ts'

export function MayGrantDetails({ mayGrant }: { mayGrant: Key['may_grant'] }) {
  return (
    <ul className="break-words">
      {grantLines(mayGrant).map((line) => (
        <li key={line}>{line}</li>
      ))}
    </ul>
  )
}
