// Settings → Webhooks: the endpoints that are told what happens to keys.
import { Button } from '@cloudflare/kumo/components/button'
import { Table } from '@cloudflare/kumo/components/table'
import { BroadcastIcon, PlusIcon } from '@phosphor-icons/react'
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { type ReactNode, useState } from 'react'
import { Link, useLocation } from 'wouter'
import { readOnlyReason } from '../session/read-only-notice.tsx'
import { useSignedIn } from '../session/signed-in.tsx'
import { surface, tableEdges } from '../ui/card.tsx'
import { Page } from '../ui/page.tsx'
import { Pager, usePlace } from '../ui/pager.tsx'
import { ProblemBanner } from '../ui/problem-banner.tsx'
import { ListSkeleton } from '../ui/skeleton.tsx'
import { RelativeTime } from '../ui/time.tsx'
import { useTask } from '../ui/use-task.ts'
import { addEndpoint, type Endpoint, type EndpointWithSecret, endpointsQuery } from './api.ts'
import { EndpointBadge, endpointName } from './endpoint-details.tsx'
import { EndpointDialog } from './endpoint-form-dialog.tsx'
import { SecretDialog } from './secret-dialog.tsx'

export default function WebhooksPage() {
  const place = usePlace('')
  const cursor = place.cursor && { cursor: place.cursor }
  const list = useQuery(endpointsQuery({ limit: '25', ...cursor }))
  const endpoints = list.data?.data
  const isEmpty = endpoints?.length === 0
  const [isAdding, setIsAdding] = useState(false)
  const button = <AddButton onClick={() => setIsAdding(true)} />
  return (
    <Page
      title="Webhooks"
      description="Your own systems are told when a key is made, changed, leaked or about to expire: signed, and again until they have heard."
      actions={!isEmpty && button}
    >
      <ProblemBanner problem={list.error} onRetry={() => list.refetch()} />
      {isEmpty ? (
        <NoEndpoints>{button}</NoEndpoints>
      ) : (
        <div className={`${surface} ${tableEdges} overflow-hidden`}>
          {list.isPending && <ListSkeleton label="Loading the endpoints" />}
          {endpoints && <EndpointTable endpoints={endpoints} />}
          <Pager place={place} next={list.data?.next_cursor} isLoading={list.isPlaceholderData} />
        </div>
      )}
      {/* Apart from its button, which moves when the list is no longer empty: the secret must stay. */}
      {isAdding && <AddDialogs onClose={() => setIsAdding(false)} />}
    </Page>
  )
}

function AddButton({ onClick }: { onClick: () => void }) {
  const { canChange } = useSignedIn()
  return (
    <Button
      variant="primary"
      icon={PlusIcon}
      disabled={!canChange}
      title={canChange ? '' : readOnlyReason}
      onClick={onClick}
    >
      Add endpoint
    </Button>
  )
}

function AddDialogs({ onClose }: { onClose: () => void }) {
  const client = useQueryClient()
  const [, navigate] = useLocation()
  const [made, setMade] = useState<EndpointWithSecret | null>(null)
  const task = useTask(addEndpoint)
  const stored = ({ id }: EndpointWithSecret) => {
    onClose()
    navigate(`/webhooks/${id}`)
    return client.invalidateQueries({ queryKey: ['webhooks'] })
  }
  if (made !== null) return <SecretDialog made={made} onStored={() => stored(made)} />
  return (
    <EndpointDialog
      title="Add an endpoint"
      submit="Add"
      task={task}
      onDone={setMade}
      onClose={onClose}
    />
  )
}

function NoEndpoints({ children }: { children: ReactNode }) {
  return (
    <div className={`${surface} flex flex-col items-center gap-4 px-4 py-12 text-center`}>
      <BroadcastIcon size={44} aria-hidden className="text-kumo-subtle" />
      <div className="max-w-xl">
        <h2 className="text-lg font-semibold text-kumo-default">Nobody is told anything yet</h2>
        <p className="mt-1 text-base text-kumo-subtle">
          Add an https address of yours. Latchkey sends it a signed POST for each event, and tries
          again for three days when it does not answer.
        </p>
      </div>
      {children}
    </div>
  )
}

const wide = 'hidden md:table-cell'

function EndpointTable({ endpoints }: { endpoints: readonly Endpoint[] }) {
  return (
    <Table>
      <Table.Header>
        <Table.Row>
          <Table.Head>Endpoint</Table.Head>
          <Table.Head className={wide}>Events</Table.Head>
          <Table.Head className={wide}>Last success</Table.Head>
          <Table.Head>Status</Table.Head>
        </Table.Row>
      </Table.Header>
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
        {events === null ? 'All' : <span title={events.join(', ')}>{events.length} chosen</span>}
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
