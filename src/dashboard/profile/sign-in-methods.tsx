// The other providers with which the user signs in. Linking and removing ask for a proof first (api/client.ts).
import { Button } from '@cloudflare/kumo/components/button'
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { signInMethodsQuery } from '../session/api.ts'
import { ProviderError } from '../session/provider-error.tsx'
import { Card } from '../ui/card.tsx'
import { ProblemBanner } from '../ui/problem-banner.tsx'
import { RelativeTime } from '../ui/time.tsx'
import { toast } from '../ui/toasts.tsx'
import { useTask } from '../ui/use-task.ts'
import { beginLink, type Link, linksQuery, removeLink } from './api.ts'

/** Nothing where the deployment has no other provider, and the user no link. */
export function SignInMethods() {
  const { data: methods } = useQuery(signInMethodsQuery)
  const { data: links, error, refetch } = useQuery(linksQuery)
  const link = useTask(async (id: string) =>
    location.assign(await beginLink(id, location.pathname)),
  )
  const linked = new Set(links?.map(({ provider }) => provider))
  const others = methods?.providers.filter(({ id }) => !linked.has(id)) ?? []
  if ((links ?? []).length === 0 && (methods?.providers ?? []).length === 0) return null
  return (
    <Card
      title="Linked sign-in methods"
      description="Other services with which you sign in, besides your password."
    >
      <div className="flex flex-col gap-4">
        <ProviderError title="Not linked" />
        <ProblemBanner problem={link.problem ?? error} onRetry={() => refetch()} />
        {links !== undefined && links.length > 0 && (
          <ul className="divide-y divide-kumo-hairline">
            {links.map((each) => (
              <LinkRow key={each.id} link={each} />
            ))}
          </ul>
        )}
        <div className="flex flex-wrap gap-2">
          {others.map(({ id, name }) => (
            <Button key={id} disabled={link.isPending} onClick={() => link.run(id)}>
              {`Link ${name}`}
            </Button>
          ))}
        </div>
      </div>
    </Card>
  )
}

function LinkRow({ link: { id, name, provider, created_at } }: { link: Link }) {
  const client = useQueryClient()
  const remove = useTask(async () => {
    await removeLink(id)
    toast(`${name} removed`)
    await client.invalidateQueries({ queryKey: linksQuery.queryKey })
  })
  return (
    <li className="flex flex-wrap items-center justify-between gap-3 py-3">
      <div className="min-w-0">
        <p className="text-base font-medium text-kumo-default">{name}</p>
        <p className="text-sm text-kumo-subtle">
          Linked <RelativeTime time={created_at} />
          {provider === null && ', not offered here any more'}
        </p>
        <ProblemBanner problem={remove.problem} />
      </div>
      <Button
        size="sm"
        aria-label={`Remove ${name}`}
        loading={remove.isPending}
        onClick={() => remove.run()}
      >
        Remove
      </Button>
    </li>
  )
}
