// One delivery: its message, its outcome, and an action to resend it.
import { Button } from '@cloudflare/kumo/components/button'
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useSignedIn } from '../session/signed-in.tsx'
import { CodeBlock } from '../ui/code-block.tsx'
import { CopiedText } from '../ui/copied-text.tsx'
import { CopyButton } from '../ui/copy-button.tsx'
import { Detail, DetailList } from '../ui/detail-list.tsx'
import { Modal } from '../ui/modal.tsx'
import { ProblemBanner } from '../ui/problem-banner.tsx'
import { ListSkeleton } from '../ui/skeleton.tsx'
import { exactTime, RelativeTime } from '../ui/time.tsx'
import { toast } from '../ui/toasts.tsx'
import { useTask } from '../ui/use-task.ts'
import { type Delivery, deliveryQuery, type Endpoint, resendDelivery } from './api.ts'
import { DeliveryBadge, DeliveryOutcome } from './delivery-status.tsx'

type Props = { endpoint: Endpoint; delivery: Delivery; onClose: () => void }

export function DeliveryDialog({ endpoint, delivery, onClose }: Props) {
  const client = useQueryClient()
  const { canChange } = useSignedIn()
  const full = useQuery(deliveryQuery(endpoint.id, delivery.id))
  const task = useTask(resendDelivery)
  const resend = async () => {
    if ((await task.run(endpoint.id, delivery.id)) === null) return
    toast('Delivery queued again')
    onClose()
    await client.invalidateQueries({ queryKey: ['webhooks'] })
  }
  const body = full.data && JSON.stringify(full.data.payload, null, 2)
  return (
    <Modal
      title={delivery.type}
      size="xl"
      onClose={onClose}
      buttons={
        <>
          {canChange && endpoint.is_active && (
            <Button onClick={resend} loading={task.isPending}>
              Resend
            </Button>
          )}
          <Button variant="primary" onClick={onClose}>
            Close
          </Button>
        </>
      }
    >
      <ProblemBanner problem={task.problem ?? full.error} />
      <DeliveryDetails delivery={full.data ?? delivery} />
      {full.isPending && <ListSkeleton label="Loading delivery" rows={3} />}
      {body && (
        <CodeBlock title="Body" buttons={<CopyButton text={body} what="body" />}>
          {body}
        </CodeBlock>
      )}
    </Modal>
  )
}

function DeliveryDetails({ delivery }: { delivery: Delivery }) {
  const { last_attempt_at } = delivery
  return (
    <DetailList isNarrow>
      <Detail name="Status">
        <DeliveryBadge status={delivery.status} />{' '}
        <span className="text-sm text-kumo-subtle">
          <DeliveryOutcome delivery={delivery} />
        </span>
      </Detail>
      <Detail
        name="Attempts"
        note={last_attempt_at && `Last attempt ${exactTime(last_attempt_at)}`}
      >
        {delivery.attempts}
      </Detail>
      <Detail name="Created" note={exactTime(delivery.created_at)}>
        <RelativeTime time={delivery.created_at} />
      </Detail>
      <Detail name="webhook-id">
        <CopiedText text={delivery.event_id} what="event ID" />
      </Detail>
    </DetailList>
  )
}
