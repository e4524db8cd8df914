// One endpoint: what it is, what can be done to it, and what was sent to it.
import { Button } from '@cloudflare/kumo/components/button'
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { useSignedIn } from '../session/signed-in.tsx'
import { BackTo } from '../ui/back-link.tsx'
import { Card } from '../ui/card.tsx'
import { Page } from '../ui/page.tsx'
import { ProblemBanner } from '../ui/problem-banner.tsx'
import { ListSkeleton } from '../ui/skeleton.tsx'
import { useTask } from '../ui/use-task.ts'
import { useAnnounce } from '../ui/use-toast.ts'
import { changeEndpoint, type Endpoint, endpointQuery, sendTest } from './api.ts'
import { DeliveryLog } from './delivery-log.tsx'
import { EndpointBadge, EndpointDetails, EndpointState, endpointName } from './endpoint-details.tsx'
import { type EndpointAction, EndpointDialogs } from './endpoint-dialogs.tsx'

export default function WebhookPage({ id }: { id: string }) {
  const endpoint = useQuery(endpointQuery(id))
  const value = endpoint.data
  const work = useWork(id)
  return (
    <Page
      title={value ? endpointName(value) : 'Webhook endpoint'}
      above={<BackTo path="/webhooks">Webhooks</BackTo>}
      badge={value && <EndpointBadge value={value} />}
      actions={value && <Actions endpoint={value} work={work} />}
    >
      <ProblemBanner problem={endpoint.error} onRetry={() => endpoint.refetch()} />
      <ProblemBanner problem={work.problem} />
      {endpoint.isPending && <ListSkeleton label="Loading the endpoint" />}
      {value && (
        <>
          <EndpointState value={value} />
          <Card title="Facts">
            <EndpointDetails value={value} />
          </Card>
          <DeliveryLog endpoint={value} />
        </>
      )}
    </Page>
  )
}

/** What takes a click and no dialog. */
function useWork(id: string) {
  const client = useQueryClient()
  const announce = useAnnounce()
  const testing = useTask(sendTest)
  const switching = useTask(changeEndpoint)
  const look = () => client.invalidateQueries({ queryKey: ['webhooks'] })
  return {
    isTesting: testing.isPending,
    isSwitching: switching.isPending,
    problem: testing.problem ?? switching.problem,
    async test() {
      if ((await testing.run(id)) === null) return
      announce('A ping is on its way')
      await look()
    },
    async enable(is_active: boolean) {
      if ((await switching.run(id, { is_active })) !== null) await look()
    },
  }
}

type ActionsProps = { endpoint: Endpoint; work: ReturnType<typeof useWork> }

function Actions({ endpoint, work }: ActionsProps) {
  const { canChange } = useSignedIn()
  const [action, setAction] = useState<EndpointAction | null>(null)
  if (!canChange) return null
  const { is_active } = endpoint
  return (
    <>
      {is_active && (
        <Button variant="primary" onClick={work.test} loading={work.isTesting}>
          Send a test
        </Button>
      )}
      <Button onClick={() => setAction('edit')}>Edit</Button>
      <Button onClick={() => setAction('rotate')}>Rotate secret</Button>
      <Button onClick={() => work.enable(!is_active)} loading={work.isSwitching}>
        {is_active ? 'Disable' : 'Enable'}
      </Button>
      <Button variant="secondary-destructive" onClick={() => setAction('delete')}>
        Delete
      </Button>
      <EndpointDialogs action={action} endpoint={endpoint} onClose={() => setAction(null)} />
    </>
  )
}
