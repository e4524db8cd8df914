// The webhook endpoints of the account.
import { Table } from '@cloudflare/kumo/components/table'
import { BroadcastIcon, PlusIcon } from '@phosphor-icons/react'
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { type ReactNode, useState } from 'react'
import { Link, useLocation } from 'wouter'
import { standingQuery } from '../session/api.ts'
import { QuotaNotice } from '../session/quota-notice.tsx'
import { PrimaryAction } from '../session/read-only.tsx'
import { surface, tableEdges } from '../ui/card.tsx'
import { useHoldPage } from '../ui/held-page.ts'
import { Page } from '../ui/page.tsx'
import { PagedList } from '../ui/paged-list.tsx'
import { useCursorPages } from '../ui/pager.tsx'
import { TableHead } from '../ui/table-head.tsx'
import { RelativeTime } from '../ui/time.tsx'
import { useTask } from '../ui/use-task.ts'
import { createEndpoint, type Endpoint, endpointsQuery, type MadeEndpoint } from './api.ts'
import { EndpointBadge, endpointName } from './endpoint-details.tsx'
import { EndpointFormDialog } from './endpoint-form-dialog.tsx'
import { SecretDialog } from './secret-dialog.tsx'

export default function WebhooksPage() {
  const pages = useCursorPages()
  const list = useQuery(endpointsQuery({ limit: '25', ...pages.query }))
  const isEmpty = list.data?.data.length === 0
  const [isAdding, setIsAdding] = useState(false)
  const addButton = (
    <PrimaryAction icon={PlusIcon} onClick={() => setIsAdding(true)}>
      Add endpoint
    </PrimaryAction>
  )
  return (
    <Page
      title="Webhooks"
      description="Latchkey sends a signed message to your systems when a key is created, changed, leaked or about to expire."
      actions={!isEmpty && addButton}
    >
      <QuotaNotice quota="endpoints" />
      <div className={`${surface} ${tableEdges} overflow-hidden`}>
        <PagedList
          list={list}
          pages={pages}
          loading="Loading endpoints"
          empty={<NoEndpoints>{addButton}</NoEndpoints>}
        >
          {(endpoints) => <EndpointTable endpoints={endpoints} />}
        </PagedList>
      </div>
      {/* Outside the list, which unmounts its button when it is no longer empty: the secret must stay. */}
      {isAdding && <AddDialogs onClose={() => setIsAdding(false)} />}
    </Page>
  )
}

function AddDialogs({ onClose }: { onClose: () => void }) {
  const client = useQueryClient()
  const [, navigate] = useLocation()
  const [created, setCreated] = useState<MadeEndpoint | null>(null)
  const task = useTask(createEndpoint)
  useHoldPage(task.isPending)
  const onStored = ({ id }: MadeEndpoint) => {
    onClose()
    navigate(`/webhooks/${id}`)
    client.invalidateQueries({ queryKey: standingQuery.queryKey })
    return client.invalidateQueries({ queryKey: ['webhooks'] })
  }
  if (created !== null) {
    return <SecretDialog made={created} onStored={() => onStored(created)} />
  }
  return (
    <EndpointFormDialog
      title="Add endpoint"
      submit="Add endpoint"
      task={task}
      onDone={setCreated}
      onClose={onClose}
    />
  )
}

function NoEndpoints({ children }: { children: ReactNode }) {
  return (
    <div className="flex flex-col items-center gap-4 px-4 py-12 text-center">
      <BroadcastIcon size={44} aria-hidden className="text-kumo-subtle" />
      <div className="max-w-xl">
        <h2 className="text-lg font-semibold text-kumo-default">No webhook endpoints yet</h2>
        <p className="mt-1 text-base text-kumo-subtle">
          Add an HTTPS URL. Latchkey sends a signed POST request to it for each event, and retries
          for three days if the request fails.
        </p>
      </div>
      {children}
    </div>
  )
}

const wide = 'hidden md:table-cell'
const columns = [
  'Endpoint',
  { name: 'Events', className: wide },
  { name: 'Last success', className: wide },
  'Status',
]

function EndpointTable({ endpoints }: { endpoints: readonly Endpoint[] }) {
  return (
    <Table>
      <TableHead columns={columns} />
      <Table.Body>
        {endpoints.map((endpoint) => (
          <EndpointRow key={endpoint.id} value={endpoint} />
        ))}
      </Table.Body>
    </Table>
  )
}

function EndpointRow({ value }: { value: Endpoint }) {
  const { events, last_success_at } = value
  return (
    <Table.Row>
      <Table.Cell className="w-full max-w-0 md:w-1/2">
        <Link
          href={`/webhooks/${value.id}`}
          className="block truncate font-medium text-kumo-default hover:underline"
        >
          {endpointName(value)}
        </Link>
        <span className="block truncate font-mono text-sm text-kumo-subtle">{value.url}</span>
      </Table.Cell>
      <Table.Cell className={wide}>
        {events === null ? 'All' : <span title={events.join(', ')}>{events.length} selected</span>}
      </Table.Cell>
      <Table.Cell className={wide}>
        {last_success_at ? <RelativeTime time={last_success_at} /> : 'Never'}
      </Table.Cell>
      <Table.Cell>
        <EndpointBadge value={value} />
      </Table.Cell>
    </Table.Row>
  )
}
