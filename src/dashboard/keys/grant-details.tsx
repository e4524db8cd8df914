// What a key with keys:manage may grant, in words.
import { grantLines } from '../ui/key-text.ts'
import type { Key } from './api.ts'

export function MayGrantDetails({ mayGrant }: { mayGrant: Key['may_grant'] }) {
  return (
    <ul className="break-words">
      {grantLines(mayGrant).map((line) => (
        <li key={line}>{line}</li>
      ))}
    </ul>
  )
}
