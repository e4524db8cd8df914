// The catalogue of scopes: what each allows and whose role holds it.
import { Badge } from '@cloudflare/kumo/components/badge'
import { Table } from '@cloudflare/kumo/components/table'
import { useQuery } from '@tanstack/react-query'
import { type Scope, scopesQuery } from '../api/queries.ts'
import { roleName } from '../session/roles.ts'
import { surface, tableEdges } from '../ui/card.tsx'
import { Page } from '../ui/page.tsx'
import { ProblemBanner } from '../ui/problem-banner.tsx'
import { ListSkeleton } from '../ui/skeleton.tsx'
import { groupScopes, resourceName, type ScopeGroup } from './catalogue.ts'

export default function ScopesPage() {
  const catalogue = useQuery(scopesQuery)
  return (
    <Page
      title="Scopes"
      description="What a key can be allowed to do. The list stands in latchkey.config.ts and changes with a deployment."
    >
      <ProblemBanner problem={catalogue.error} onRetry={() => catalogue.refetch()} />
      {catalogue.isPending && <ListSkeleton label="Loading the scopes" />}
      {catalogue.data && (
        <div className={`${surface} ${tableEdges} overflow-hidden`}>
          <Catalogue groups={groupScopes(catalogue.data)} />
        </div>
      )}
    </Page>
  )
}

function Catalogue({ groups }: { groups: readonly ScopeGroup[] }) {
  return (
    <Table>
      <Table.Header>
        <Table.Row>
          <Table.Head>Scope</Table.Head>
          <Table.Head className="hidden sm:table-cell">Allows</Table.Head>
          <Table.Head>Held by</Table.Head>
        </Table.Row>
      </Table.Header>
      {groups.map((group) => (
        <Table.Body key={group.resource}>
          <Table.Row>
            <th colSpan={3} scope="rowgroup" className="bg-kumo-recessed! text-left text-base">
              <span className="font-semibold">{resourceName(group.resource)}</span>
              {group.isReserved && (
                <span className="block text-sm font-normal text-kumo-subtle">
                  Reserved: never inherited from a role, and granted by an owner alone.
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
      <Table.Cell className="hidden sm:table-cell">{scope.description}</Table.Cell>
      <Table.Cell className="sm:w-1/4">
        <span className="flex flex-wrap gap-1">
          {scope.roles.map((role) => (
            <Badge key={role} variant="secondary">
              {roleName[role]}
            </Badge>
          ))}
          {scope.roles.length === 0 && <span className="text-kumo-subtle">No role</span>}
        </span>
      </Table.Cell>
    </Table.Row>
  )
}
