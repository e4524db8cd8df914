// The scope catalogue: each scope with its description and the roles that include it.
import { Badge } from '@cloudflare/kumo/components/badge'
import { Table } from '@cloudflare/kumo/components/table'
import { useQuery } from '@tanstack/react-query'
import { roleName } from '../session/roles.ts'
import { surface, tableEdges } from '../ui/card.tsx'
import { Page } from '../ui/page.tsx'
import { ProblemBanner } from '../ui/problem-banner.tsx'
import { ListSkeleton } from '../ui/skeleton.tsx'
import { TableHead } from '../ui/table-head.tsx'
import { type Scope, scopesQuery } from './api.ts'
import { groupScopes, resourceName, type ScopeGroup } from './catalogue.ts'

export default function ScopesPage() {
  const catalogue = useQuery(scopesQuery)
  return (
    <Page
      title="Scopes"
      description="The permissions that a key can have. They are defined in latchkey.config.ts and change with a deployment."
    >
      <ProblemBanner problem={catalogue.error} onRetry={() => catalogue.refetch()} />
      {catalogue.isPending && <ListSkeleton label="Loading scopes" />}
      {catalogue.data && (
        <div className={`${surface} ${tableEdges} overflow-hidden`}>
          <Catalogue groups={groupScopes(catalogue.data)} />
        </div>
      )}
    </Page>
  )
}

const wide = 'hidden sm:table-cell'

function Catalogue({ groups }: { groups: readonly ScopeGroup[] }) {
  return (
    <Table>
      <TableHead columns={['Scope', { name: 'Description', className: wide }, 'Roles']} />
      {groups.map((group) => (
        <Table.Body key={group.resource}>
          <Table.Row>
            <th colSpan={3} scope="rowgroup" className="bg-kumo-recessed! text-left text-base">
              <span className="font-semibold">{resourceName(group.resource)}</span>
              {group.isReserved && (
                <span className="block text-sm font-normal text-kumo-subtle">
                  Reserved: not inherited from a role, and granted only by owners.
                </span>
              )}
            </th>
          </Table.Row>
          {group.scopes.map((scope) => (
            <ScopeRow key={scope.scope} scope={scope} />
          ))}
        </Table.Body>
      ))}
    </Table>
  )
}

function ScopeRow({ scope }: { scope: Scope }) {
  return (
    <Table.Row>
      <Table.Cell className="sm:w-1/4">
        <code className="font-mono text-sm">{scope.scope}</code>
        <span className="block text-sm text-kumo-subtle sm:hidden">{scope.description}</span>
      </Table.Cell>
      <Table.Cell className={wide}>{scope.description}</Table.Cell>
      <Table.Cell className="sm:w-1/4">
        <span className="flex flex-wrap gap-1">
          {scope.roles.map((role) => (
            <Badge key={role} variant="secondary">
              {roleName[role]}
            </Badge>
          ))}
          {scope.roles.length === 0 && <span className="text-kumo-subtle">None</span>}
        </span>
      </Table.Cell>
    </Table.Row>
  )
}
