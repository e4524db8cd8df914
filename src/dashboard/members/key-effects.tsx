// What happens to somebody's keys when their role changes or they go.
import { useQuery } from '@tanstack/react-query'
import type { Member } from '../api/people.ts'
import { ProblemBanner } from '../ui/problem-banner.tsx'
import { Bone } from '../ui/skeleton.tsx'
import { type KeysOf, keysOfQuery } from './member-keys.ts'

type Props = { member: Member; what: (keys: KeysOf) => readonly string[] }

export function KeysOfNote({ member, what }: Props) {
  const { data, error, isPending, refetch } = useQuery({
    ...keysOfQuery(member.userId),
    staleTime: 0,
  })
  if (error) return <ProblemBanner problem={error} onRetry={() => refetch()} />
  if (isPending) return <Bone className="h-12 w-full" />
  const sentences = what(data)
  return (
    <ul
      aria-label="What happens to their keys"
      className="flex list-disc flex-col gap-1 rounded-md bg-kumo-recessed py-2.5 pr-3 pl-8"
    >
      {sentences.map((sentence) => (
        <li key={sentence}>{sentence}</li>
      ))}
    </ul>
  )
}

export function countOf(count: number, isMore: boolean): string {
  if (count === 0 && !isMore) return 'No key'
  return `${isMore ? 'At least ' : ''}${count} ${count === 1 ? 'key' : 'keys'}`
}

/** "1 key inherits", "2 keys inherit". */
export const verb = (count: number, one: string, many: string) => (count <= 1 ? one : many)
