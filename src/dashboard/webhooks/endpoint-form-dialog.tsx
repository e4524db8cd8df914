// Adding an endpoint, or changing one: where it is and what it is told of.
import { Button } from '@cloudflare/kumo/components/button'
import { Checkbox } from '@cloudflare/kumo/components/checkbox'
import { Input } from '@cloudflare/kumo/components/input'
import { Radio } from '@cloudflare/kumo/components/radio'
import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { errorOf } from '../ui/error-prop.ts'
import { submitted } from '../ui/handle-submit.ts'
import { Modal } from '../ui/modal.tsx'
import { ProblemBanner } from '../ui/problem-banner.tsx'
import type { Task } from '../ui/use-task.ts'
import { type Endpoint, type EndpointDraft, eventTypesQuery } from './api.ts'

type Draft = Required<EndpointDraft>

type Props<Result> = {
  title: string
  submit: string
  endpoint?: Endpoint
  task: Task<[Draft], Result>
  onDone: (result: Result) => void
  onClose: () => void
}

export function EndpointDialog<Result>(props: Props<Result>) {
  const { title, submit, endpoint, task, onClose } = props
  const [events, setEvents] = useState<string[] | null>(endpoint?.events ?? null)
  const send = async (url: string, description: string) => {
    const draft = { url, description: description || null, events } as Draft
    const done = await task.run(draft)
    if (done !== null) props.onDone(done.result)
  }
  return (
    <Modal
      title={title}
      size="xl"
      onClose={task.isPending ? undefined : onClose}
      buttons={
        <>
          <Button onClick={onClose} disabled={task.isPending}>
            Cancel
          </Button>
          <Button type="submit" form="endpoint" variant="primary" loading={task.isPending}>
            {submit}
          </Button>
        </>
      }
    >
      <form
        id="endpoint"
        noValidate
        className="flex flex-col gap-5"
        onSubmit={submitted(({ trimmed }) => send(trimmed('url'), trimmed('description')))}
      >
        <Input
          label="URL"
          name="url"
          type="url"
          placeholder="https://example.com/webhooks/latchkey"
          description="A public https address of yours. It is called with POST."
          defaultValue={endpoint?.url ?? ''}
          autoComplete="off"
          required
          passwordManagerIgnore
          {...errorOf(task.problem?.of('url'))}
        />
        <Input
          label="Description"
          name="description"
          placeholder="Keeps the CRM informed"
          description="Optional; its name in this list."
          maxLength={200}
          defaultValue={endpoint?.description ?? ''}
          autoComplete="off"
          passwordManagerIgnore
          {...errorOf(task.problem?.of('description'))}
        />
        <EventChoice events={events} onChange={setEvents} error={task.problem?.of('events')} />
        <ProblemBanner problem={task.problem} />
      </form>
    </Modal>
  )
}

type ChoiceProps = {
  events: string[] | null
  onChange: (events: string[] | null) => void
  error: string | undefined
}

function EventChoice({ events, onChange, error }: ChoiceProps) {
  const types = useQuery(eventTypesQuery)
  return (
    <div className="flex flex-col gap-4">
      <Radio.Group
        legend="Events"
        value={events === null ? 'all' : 'chosen'}
        onValueChange={(choice) => onChange(choice === 'all' ? null : [])}
        {...(error && { error })}
      >
        <Radio.Item value="all" label="All, also those to come" />
        <Radio.Item value="chosen" label="Chosen ones" />
      </Radio.Group>
      <ProblemBanner problem={types.error} onRetry={() => types.refetch()} />
      {events !== null && types.data && (
        <ul className="flex flex-col gap-3 pl-1">
          {types.data.map(({ type, description }) => (
            <li key={type}>
              <Checkbox
                label={<code className="font-mono text-sm">{type}</code>}
                checked={events.includes(type)}
                onCheckedChange={(isOn) =>
                  onChange(isOn ? [...events, type] : events.filter((each) => each !== type))
                }
              />
              <p className="pl-6 text-sm text-kumo-subtle">{description.replaceAll('`', '')}.</p>
            </li>
          ))}
        </ul>
      )}
    </div>
  )
}
