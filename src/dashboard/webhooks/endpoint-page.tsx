// One webhook endpoint: its details, its actions and its deliveries.
import { Button } from '@cloudflare/kumo/components/button'
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { useSignedIn } from '../session/signed-in.tsx'
import { BackLink } from '../ui/back-link.tsx'
import { Card } from '../ui/card.tsx'
import { Page } from '../ui/page.tsx'
import { ProblemBanner } from '../ui/problem-banner.tsx'
import { QueryProblem } from '../ui/query-problem.tsx'
import { DetailSkeleton } from '../ui/skeleton.tsx'
import { toast } from '../ui/toasts.tsx'
import { useTask } from '../ui/use-task.ts'
import { type Endpoint, endpointQuery, sendTestEvent, updateEndpoint } from './api.ts'
import { DeliveryLog } from './delivery-log.tsx'
import {
  EndpointBadge,
  EndpointDetails,
  EndpointNotice,
  endpointName,
} from './endpoint-details.tsx'
import { type EndpointAction, EndpointDialogs } from './endpoint-dialogs.tsx'

export default function EndpointPage({ id }: { id: string }) {
  const endpoint = useQuery(endpointQuery(id))
  const value = endpoint.data
  const tasks = useEndpointTasks(id)
  return (
    <Page
      title={value ? endpointName(value) : 'Webhook endpoint'}
      above={<BackLink path="/webhooks">Webhooks</BackLink>}
      badge={value && <EndpointBadge value={value} />}
      actions={value && <Actions endpoint={value} tasks={tasks} />}
    >
      <QueryProblem query={endpoint} />
      <ProblemBanner problem={tasks.problem} />
      {endpoint.isPending && <DetailSkeleton label="Loading endpoint" />}
      {value && (
        <>
          <EndpointNotice value={value} />
          <Card title="Details">
            <EndpointDetails value={value} />
          </Card>
          <DeliveryLog endpoint={value} />
        </>
      )}
    </Page>
  )
}

/** The actions that need no dialog. */
function useEndpointTasks(id: string) {
  const client = useQueryClient()
  const testing = useTask(sendTestEvent)
  const updating = useTask(updateEndpoint)
  const refresh = () => client.invalidateQueries({ queryKey: ['webhooks'] })
  return {
    isTesting: testing.isPending,
    isUpdating: updating.isPending,
    problem: testing.problem ?? updating.problem,
    async sendTest() {
      if ((await testing.run(id)) === null) return
      toast('Test event queued')
      await refresh()
    },
    async setActive(is_active: boolean) {
      if ((await updating.run(id, { is_active })) !== null) await refresh()
    },
  }
}

type ActionsProps = { endpoint: Endpoint; tasks: ReturnType<typeof useEndpointTasks> }

function Actions({ endpoint, tasks }: ActionsProps) {
  const { canChange } = useSignedIn()
  const [action, setAction] = useState<EndpointAction | null>(null)
  if (!canChange) return null
  const { is_active } = endpoint
  return (
    <>
      {is_active && (
        <Button variant="primary" onClick={tasks.sendTest} loading={tasks.isTesting}>
          Send test event
        </Button>
      )}
      <Button onClick={() => setAction('edit')}>Edit</Button>
      <Button onClick={() => setAction('rotate')}>Rotate secret</Button>
      <Button onClick={() => tasks.setActive(!is_active)} loading={tasks.isUpdating}>
        {is_active ? 'Disable' : 'Enable'}
      </Button>
      <Button variant="secondary-destructive" onClick={() => setAction('delete')}>
        Delete
      </Button>
      <EndpointDialogs action={action} endpoint={endpoint} onClose={() => setAction(null)} />
    </>
  )
}
