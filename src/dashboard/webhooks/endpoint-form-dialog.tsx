// The form for a new endpoint and for changes to one: its URL and its events.
import { Checkbox } from '@cloudflare/kumo/components/checkbox'
import { Radio } from '@cloudflare/kumo/components/radio'
import { useQuery } from '@tanstack/react-query'
import type { ApiProblem } from '../api/problem.ts'
import { useDraft } from '../ui/drafts.ts'
import { errorProp } from '../ui/error-prop.ts'
import { FormDialog } from '../ui/form-dialog.tsx'
import { QueryProblem } from '../ui/query-problem.tsx'
import { TextInput } from '../ui/text-input.tsx'
import type { Task } from '../ui/use-task.ts'
import { type Endpoint, type EndpointInput, type EventType, eventTypesQuery } from './api.ts'
import { allEvents } from './endpoint-details.tsx'

type Input = Required<EndpointInput>

type Props<Result> = {
  title: string
  submit: string
  endpoint?: Endpoint
  task: Task<[Input], Result>
  onDone: (result: Result) => void
  onClose: () => void
}

export function EndpointFormDialog<Result>(props: Props<Result>) {
  const { title, submit, endpoint, task, onClose } = props
  const draft = useDraft(`${title}, events`, () => ({ events: endpoint?.events ?? null }))
  const { events } = draft.value
  const send = async (url: string, description: string) => {
    const input = { url, description: description || null, events } as Input
    const done = await task.run(input)
    if (done !== null) props.onDone(done.result)
  }
  return (
    <FormDialog
      title={title}
      size="xl"
      submit={submit}
      task={task}
      noValidate
      onSubmit={({ trimmed }) => send(trimmed('url'), trimmed('description'))}
      onClose={onClose}
    >
      <AddressFields endpoint={endpoint} problem={task.problem} />
      <EventChoice
        events={events}
        onChange={(next) => draft.set({ events: next })}
        error={task.problem?.of('events')}
      />
    </FormDialog>
  )
}

type AddressProps = { endpoint: Endpoint | undefined; problem: ApiProblem | null }

function AddressFields({ endpoint, problem }: AddressProps) {
  return (
    <>
      <TextInput
        label="URL"
        name="url"
        type="url"
        placeholder="https://example.com/webhooks/latchkey"
        description="A public HTTPS URL that accepts POST requests."
        defaultValue={endpoint?.url ?? ''}
        autoComplete="off"
        required
        passwordManagerIgnore
        error={problem?.of('url')}
      />
      <TextInput
        label="Description"
        name="description"
        placeholder="CRM synchronization"
        description="Optional. Shown as the name of the endpoint."
        maxLength={200}
        defaultValue={endpoint?.description ?? ''}
        autoComplete="off"
        passwordManagerIgnore
        error={problem?.of('description')}
      />
    </>
  )
}

type ChoiceProps = {
  /** null: all events. */
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
        value={events === null ? 'all' : 'selected'}
        onValueChange={(choice) => onChange(choice === 'all' ? null : [])}
        {...errorProp(error)}
      >
        <Radio.Item value="all" label={allEvents} />
        <Radio.Item value="selected" label="Selected events" />
      </Radio.Group>
      <QueryProblem query={types} />
      {events !== null && types.data && (
        <EventList types={types.data} events={events} onChange={onChange} />
      )}
    </div>
  )
}

type ListProps = {
  types: readonly EventType[]
  events: readonly string[]
  onChange: (events: string[]) => void
}

function EventList({ types, events, onChange }: ListProps) {
  return (
    <ul className="flex flex-col gap-3 pl-1">
      {types.map(({ type, description }) => (
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
  )
}
