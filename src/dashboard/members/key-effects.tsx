// What a change of role or a removal means for the keys of a member.
import { useQuery } from '@tanstack/react-query'
import type { Member } from '../session/api.ts'
import { ProblemBanner } from '../ui/problem-banner.tsx'
import { Skeleton } from '../ui/skeleton.tsx'
import { type MemberKeys, memberKeysQuery } from './api.ts'

type Props = { member: Member; describe: (keys: MemberKeys) => readonly string[] }

export function KeyEffects({ member, describe }: Props) {
  const { data, error, isPending, refetch } = useQuery(memberKeysQuery(member.userId))
  if (error) return <ProblemBanner problem={error} onRetry={() => refetch()} />
  if (isPending) return <Skeleton className="h-12 w-full" />
  return (
    <ul
      aria-label="Effect on keys"
      className="flex list-disc flex-col gap-1 rounded-md bg-kumo-recessed py-2.5 pr-3 pl-8"
    >
      {describe(data).map((sentence) => (
        <li key={sentence}>{sentence}</li>
      ))}
    </ul>
  )
}

/** "No key", "1 key", "At least 500 keys". */
export function keyCount(count: number, isMore: boolean): string {
  if (count === 0 && !isMore) return 'No key'
  return `${isMore ? 'At least ' : ''}${count} ${count === 1 ? 'key' : 'keys'}`
}

/** The verb for a count of keys: "1 key inherits", "2 keys inherit". */
export const plural = (count: number, one: string, many: string) => (count <= 1 ? one : many)
