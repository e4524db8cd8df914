// The scope catalogue: each scope with its description and the roles that include it.
import { Badge } from '@cloudflare/kumo/components/badge'
import { Table } from '@cloudflare/kumo/components/table'
import { useQuery } from '@tanstack/react-query'
import { roleName } from '../session/roles.ts'
import { surface, tableEdges } from '../ui/card.tsx'
import { Page } from '../ui/page.tsx'
import { QueryProblem } from '../ui/query-problem.tsx'
import { ListSkeleton } from '../ui/skeleton.tsx'
import { TableHead } from '../ui/table-head.tsx'
import { type Scope, scopesQuery } from './api.ts'
import { groupScopes, resourceName, type ScopeGroup, wildcardsOver } from './catalogue.ts'

export default function ScopesPage() {
  const catalogue = useQuery(scopesQuery)
  return (
    <Page
      title="Scopes"
      description="The permissions that a key can have. They are defined in latchkey.config.ts and change with a deployment."
    >
      <QueryProblem query={catalogue} />
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
const widest = 'hidden lg:table-cell'

const columns = [
  'Scope',
  { name: 'Description', className: wide },
  { name: 'Resource', className: widest },
  { name: 'Wildcard', className: widest },
  'Roles',
]

function Catalogue({ groups }: { groups: readonly ScopeGroup[] }) {
  return (
    <Table>
      <TableHead columns={columns} />
      {groups.map((group) => (
        <Table.Body key={group.resource}>
          <Table.Row>
            <th
              colSpan={columns.length}
              scope="rowgroup"
              className="bg-kumo-recessed! text-left text-base"
            >
              <span className="font-semibold">{resourceName(group.resource)}</span>
              {group.isReserved && (
                <span className="block text-sm font-normal text-kumo-subtle">
                  Reserved: not inherited from a role, and granted only by owners.
                </span>
              )}
            </th>
          </Table.Row>
          {group.scopes.map((scope) => (
            <ScopeRow key={scope.scope} scope={scope} wildcards={wildcardsOver(scope, group)} />
          ))}
        </Table.Body>
      ))}
    </Table>
  )
}

function ScopeRow({ scope, wildcards }: { scope: Scope; wildcards: readonly string[] }) {
  const resources = scope.resource ? `${scope.scope}#ID` : null
  return (
    <Table.Row>
      <Table.Cell className="sm:w-1/5">
        <code className="font-mono text-sm">{scope.scope}</code>
        <span className="block text-sm text-kumo-subtle sm:hidden">{scope.description}</span>
        <span className="block text-sm break-words text-kumo-subtle lg:hidden">
          {resources && <span className="block">For one resource: {resources}</span>}
          {wildcards.length > 0 && <span className="block">In {wildcards.join(', ')}</span>}
        </span>
      </Table.Cell>
      <Table.Cell className={wide}>{scope.description}</Table.Cell>
      <Table.Cell className={widest}>
        <Names names={resources === null ? [] : [resources]} />
      </Table.Cell>
      <Table.Cell className={widest}>
        <Names names={wildcards} />
      </Table.Cell>
      <Table.Cell className="sm:w-1/5">
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

function Names({ names }: { names: readonly string[] }) {
  if (names.length === 0) return <span className="text-kumo-subtle">None</span>
  return <code className="font-mono text-sm">{names.join(' ')}</code>
}
