// One message: what it told, what became of it, and sending it again.
import { Button } from '@cloudflare/kumo/components/button'
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useSignedIn } from '../session/signed-in.tsx'
import { SecretPart } from '../ui/code-block.tsx'
import { CopyButton } from '../ui/copy-button.tsx'
import { Fact } from '../ui/detail-list.tsx'
import { Modal } from '../ui/modal.tsx'
import { ProblemBanner } from '../ui/problem-banner.tsx'
import { ListSkeleton } from '../ui/skeleton.tsx'
import { exactTime, RelativeTime } from '../ui/time.tsx'
import { useTask } from '../ui/use-task.ts'
import { useAnnounce } from '../ui/use-toast.ts'
import { type Delivery, deliveryQuery, type Endpoint, resendDelivery } from './api.ts'
import { DeliveryBadge, Outcome } from './delivery-log.tsx'

type Props = { endpoint: Endpoint; delivery: Delivery; onClose: () => void }

export function DeliveryDialog({ endpoint, delivery, onClose }: Props) {
  const client = useQueryClient()
  const announce = useAnnounce()
  const { canChange } = useSignedIn()
  const whole = useQuery(deliveryQuery(endpoint.id, delivery.id))
  const task = useTask(resendDelivery)
  const again = async () => {
    if ((await task.run(endpoint.id, delivery.id)) === null) return
    announce('On its way again')
    onClose()
    await client.invalidateQueries({ queryKey: ['webhooks'] })
  }
  const body = whole.data && JSON.stringify(whole.data.payload, null, 2)
  return (
    <Modal
      title={delivery.type}
      size="xl"
      onClose={onClose}
      buttons={
        <>
          {canChange && endpoint.is_active && (
            <Button onClick={again} loading={task.isPending}>
              Send again
            </Button>
          )}
          <Button variant="primary" onClick={onClose}>
            Close
          </Button>
        </>
      }
    >
      <ProblemBanner problem={task.problem ?? whole.error} />
      <DeliveryDetails delivery={whole.data ?? delivery} />
      {whole.isPending && <ListSkeleton label="Loading the message" rows={3} />}
      {body && (
        <SecretPart title="Body" buttons={<CopyButton text={body} what="body" />}>
          {body}
        </SecretPart>
      )}
    </Modal>
  )
}

function DeliveryDetails({ delivery }: { delivery: Delivery }) {
  const { last_attempt_at } = delivery
  return (
    <dl className="grid gap-x-8 gap-y-4 sm:grid-cols-2">
      <Fact name="Status">
        <DeliveryBadge status={delivery.status} />{' '}
        <span className="text-sm text-kumo-subtle">
          <Outcome delivery={delivery} />
        </span>
      </Fact>
      <Fact name="Attempts" note={last_attempt_at && `the last one ${exactTime(last_attempt_at)}`}>
        {delivery.attempts}
      </Fact>
      <Fact name="Written" note={exactTime(delivery.created_at)}>
        <RelativeTime time={delivery.created_at} />
      </Fact>
      <Fact name="webhook-id">
        <code className="font-mono text-sm break-all">{delivery.event_id}</code>
      </Fact>
    </dl>
  )
}
