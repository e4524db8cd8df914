// What a key may do: nothing, chosen scopes, or whatever its creator may; the least power first.
import { Radio } from '@cloudflare/kumo/components/radio'
import { useQuery } from '@tanstack/react-query'
import type { Role } from '../api/people.ts'
import { scopesQuery } from '../api/queries.ts'
import { scopesOfRole } from '../scopes/catalogue.ts'
import { roleName } from '../session/roles.ts'
import { Card } from '../ui/card.tsx'
import { ProblemBanner } from '../ui/problem-banner.tsx'
import type { ScopeChoice } from './key-draft.ts'
import type { FieldProps } from './key-form.tsx'
import { ScopeList } from './scope-list.tsx'

/** Whose permissions a key without scopes of its own takes on; no role: they left. */
export type Inherited = { whose: string; role: Role | null }

type Props = FieldProps & { error: string | undefined; inherits: Inherited }

export function ScopePicker({ draft, set, problem, error, inherits }: Props) {
  const catalogue = useQuery(scopesQuery)
  const wrong = error ?? problem?.of('scopes')
  return (
    <Card title="What it may do" description="As little as it needs: more can be added later.">
      <div className="flex flex-col gap-5">
        <Radio.Group
          legend="Scopes"
          appearance="card"
          value={draft.scopeChoice}
          onValueChange={(choice) => set({ scopeChoice: choice as ScopeChoice })}
          {...(wrong && { error: wrong })}
        >
          <Radio.Item
            value="none"
            label="No scopes"
            description="It is recognised, and may call nothing but /api/v1/me."
          />
          <Radio.Item
            value="chosen"
            label="Chosen scopes"
            description="Exactly what you tick, whatever happens to your own role."
          />
          <Radio.Item
            value="inherit"
            label={`Inherit ${inherits.whose} permissions`}
            description={describe(inherits)}
          />
        </Radio.Group>
        <ProblemBanner problem={catalogue.error} onRetry={() => catalogue.refetch()} />
        {draft.scopeChoice === 'chosen' && catalogue.data && (
          <ScopeList
            catalogue={catalogue.data}
            chosen={draft.scopes}
            onChange={(scopes) => set({ scopes })}
          />
        )}
        {draft.scopeChoice === 'inherit' && catalogue.data && inherits.role && (
          <p className="text-base text-kumo-subtle">
            {`Today, as ${roleName[inherits.role]}: `}
            {scopesOfRole(catalogue.data, inherits.role)
              .map(({ scope }) => scope)
              .join(', ') || 'nothing'}
            .
          </p>
        )}
      </div>
    </Card>
  )
}

function describe({ whose, role }: Inherited): string {
  if (role === null) return `${whose} account membership ended, so it would hold nothing.`
  return `Whatever ${whose} role allows at each request: demoted or removed, the key follows at once.`
}
