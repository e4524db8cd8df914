// Sign-in with other providers, where the deployment has some.
import { Button } from '@cloudflare/kumo/components/button'
import { useQuery } from '@tanstack/react-query'
import { ProblemBanner } from '../ui/problem-banner.tsx'
import { useTask } from '../ui/use-task.ts'
import { beginSignIn, signInMethodsQuery } from './api.ts'

export function ProviderButtons({ next }: { next: string }) {
  const { data } = useQuery(signInMethodsQuery)
  const task = useTask(async (id: string) => location.assign(await beginSignIn(id, next)))
  if (data === undefined || data.providers.length === 0) return null
  return (
    <div className="flex flex-col gap-3 border-t border-kumo-hairline pt-4">
      <ProblemBanner problem={task.problem} />
      {data.providers.map(({ id, name }) => (
        <Button
          key={id}
          size="lg"
          className="w-full justify-center"
          disabled={task.isPending}
          onClick={() => task.run(id)}
        >
          {`Sign in with ${name}`}
        </Button>
      ))}
    </div>
  )
}
