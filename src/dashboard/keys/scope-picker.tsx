// The permissions of a key: no scopes, selected scopes, or those of its creator's role.
import { Radio } from '@cloudflare/kumo/components/radio'
import { useQuery } from '@tanstack/react-query'
import { scopesQuery } from '../scopes/api.ts'
import { scopesOfRole } from '../scopes/catalogue.ts'
import { type Role, roleName } from '../session/roles.ts'
import { Card } from '../ui/card.tsx'
import { errorProp } from '../ui/error-prop.ts'
import { QueryProblem } from '../ui/query-problem.tsx'
import type { FieldProps } from './field-props.ts'
import type { ScopeChoice } from './key-draft.ts'
import { ScopeList } from './scope-list.tsx'

/** Whose role a key without scopes of its own follows ("your", "Ada’s"). Without a role: a former member. */
export type Inheritance = { whose: string; role: Role | null }

type Props = FieldProps & { error: string | undefined; inheritance: Inheritance }

export function ScopePicker({ draft, set, problem, error, inheritance }: Props) {
  const catalogue = useQuery(scopesQuery)
  const { role } = inheritance
  return (
    <Card title="Permissions" description="Grant only what the key needs. You can add more later.">
      <div className="flex flex-col gap-5">
        <Radio.Group
          legend="Scopes"
          appearance="card"
          value={draft.scopeChoice}
          onValueChange={(choice) => set({ scopeChoice: choice as ScopeChoice })}
          {...errorProp(error ?? problem?.of('scopes'))}
        >
          <Radio.Item
            value="none"
            label="No scopes"
            description="The key is valid but can only call /api/v1/me."
          />
          <Radio.Item
            value="selected"
            label="Selected scopes"
            description="Only the scopes that you select. A change of your role does not affect them."
          />
          <Radio.Item
            value="inherit"
            label={`Inherit ${inheritance.whose} permissions`}
            description={describe(inheritance)}
          />
        </Radio.Group>
        <QueryProblem query={catalogue} />
        {draft.scopeChoice === 'selected' && catalogue.data && (
          <ScopeList
            catalogue={catalogue.data}
            selected={draft.scopes}
            onChange={(scopes) => set({ scopes })}
          />
        )}
        {draft.scopeChoice === 'inherit' && catalogue.data && role && (
          <p className="text-base text-kumo-subtle">
            {`Currently, as ${roleName[role]}: `}
            {scopesOfRole(catalogue.data, role)
              .map(({ scope }) => scope)
              .join(', ') || 'none'}
            .
          </p>
        )}
      </div>
    </Card>
  )
}

function describe({ whose, role }: Inheritance): string {
  if (role === null) return `Now none: ${whose} membership of this account has ended.`
  return `Everything that ${whose} role allows. The key follows each change of the role immediately.`
}
