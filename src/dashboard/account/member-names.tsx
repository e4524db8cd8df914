import type { Member } from '../session/api.ts'

const maxShown = 10

/** By name and address, since names are not unique; of many, the first. */
export function MemberNames({ members }: { members: readonly Member[] }) {
  const others = members.length - maxShown
  return (
    <ul aria-label="Members without a second factor" className="list-disc pl-5">
      {members.slice(0, maxShown).map(({ id, user }) => (
        <li key={id} className="break-words">
          {user.name} <span className="text-kumo-subtle">({user.email})</span>
        </li>
      ))}
      {others > 0 && <li>{others === 1 ? 'and one more' : `and ${others} more`}</li>}
    </ul>
  )
}
