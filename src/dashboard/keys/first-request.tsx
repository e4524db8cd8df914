// How to send the first request with a key, and what became of it: verified, or refused with its mend.
import { Loader } from '@cloudflare/kumo/components/loader'
import { CheckCircleIcon, WarningCircleIcon } from '@phosphor-icons/react'
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { type ReactNode, useState } from 'react'
import { isAtLeast } from '../session/roles.ts'
import { useSignedIn } from '../session/signed-in.tsx'
import { Card } from '../ui/card.tsx'
import { CodeBlock } from '../ui/code-block.tsx'
import { CopyButton } from '../ui/copy-button.tsx'
import { Segmented } from '../ui/segmented.tsx'
import { mendOfEntry } from '../usage/mend.ts'
import { MendLink } from '../usage/mend-link.tsx'
import { addRequest, type LoggedRequest, requestsQuery } from '../usage/requests.ts'
import { timeOfDay } from '../usage/time-of-day.tsx'
import { type TailState, useTail } from '../usage/use-tail.ts'
import { VerdictName } from '../usage/verdict-name.tsx'
import type { Key } from './api.ts'
import { languages, snippets } from './snippets.ts'

/** Of a key that no request was verified with when the page was opened. Only owners and admins hear of requests. */
export function FirstRequest({ value }: { value: Key }) {
  const { role } = useSignedIn()
  const [wasUnused] = useState(value.last_used_at === null)
  const isOver = value.status === 'revoked' || value.replaced_by !== null
  if (!wasUnused || isOver || !isAtLeast(role, 'admin')) return null
  return (
    <Card title="First request">
      <div className="flex flex-col gap-4">
        <Snippet value={value} />
        <Outcome value={value} />
      </div>
    </Card>
  )
}

function Snippet({ value: { environment } }: { value: Key }) {
  const [language, setLanguage] = useState(languages[0] ?? 'curl')
  const code = snippets[language]({ origin: location.origin, environment })
  return (
    <>
      <Segmented legend="Language" names={languages} value={language} onChange={setLanguage} />
      <CodeBlock
        title={language === 'Hono' ? 'Your API in Hono, which checks the key' : `With ${language}`}
        buttons={<CopyButton text={code} what="code" />}
      >
        {code}
      </CodeBlock>
      <p className="text-sm text-kumo-subtle">
        <code>LATCHKEY_API_KEY</code> is the token that you have stored, as in its .env file: this
        page no longer has it.
      </p>
    </>
  )
}

function Outcome({ value: { id, last_used_at } }: { value: Key }) {
  const client = useQueryClient()
  const query = { key_id: id, limit: '25' }
  const list = useQuery(requestsQuery(query))
  const entries = list.data?.data ?? []
  const passed = entries.findLast(({ code }) => code === 'valid')
  const isDone = passed !== undefined || last_used_at !== null
  const state = useTail({ key_id: id }, !isDone, {
    // What came before it, which the list may not have.
    onOpen: () => void list.refetch(),
    onRequest(request) {
      addRequest(client, query, request)
      // Its usage and its last use have come with it.
      void client.invalidateQueries({ queryKey: ['keys'] })
    },
  })
  return (
    <div role="status" className="flex flex-col gap-2 text-base text-kumo-default">
      {isDone ? (
        <Verified request={passed} />
      ) : (
        <>
          {entries[0] && <Refused request={entries[0]} />}
          <Waiting state={state} isFirst={entries.length === 0} />
        </>
      )}
    </div>
  )
}

function Verified({ request }: { request: LoggedRequest | undefined }) {
  return (
    <Line icon={<CheckCircleIcon aria-hidden weight="fill" className="text-kumo-success" />}>
      <span className="font-medium text-kumo-success">The first request was verified</span>
      {request &&
        ` at ${timeOfDay(request.time)}: ${whatOf(request)}, ${request.ms} ms from ${request.tier}`}
      .
    </Line>
  )
}

function Refused({ request }: { request: LoggedRequest }) {
  return (
    <Line icon={<WarningCircleIcon aria-hidden weight="fill" className="text-kumo-danger" />}>
      <span className="flex flex-wrap items-center gap-x-1.5">
        Refused at {timeOfDay(request.time)}, {whatOf(request)}:
        <VerdictName code={request.code} />
      </span>
      <MendLink mend={mendOfEntry(request)} keyId={request.key.id} />
    </Line>
  )
}

function Line({ icon, children }: { icon: ReactNode; children: ReactNode }) {
  return (
    <div className="flex items-start gap-2">
      <span className="mt-0.5 shrink-0 text-lg">{icon}</span>
      <div className="min-w-0 wrap-anywhere">{children}</div>
    </div>
  )
}

/** What a service verified has neither a method nor a route. */
function whatOf({ method, route }: LoggedRequest): string {
  return route === null ? 'verified by a service' : `${method ?? ''} ${route}`.trim()
}

function Waiting({ state, isFirst }: { state: TailState; isFirst: boolean }) {
  if (state === 'lost' || state === 'refused') {
    return (
      <p className="text-kumo-subtle">
        Not waiting at the moment: the connection broke off
        {state === 'lost' ? ', and is tried again.' : '. Load the page again.'}
      </p>
    )
  }
  return (
    <p className="flex flex-wrap items-center gap-2">
      <Loader size="sm" />
      {isFirst ? 'Waiting for the first request…' : 'Waiting for the next request…'}
      <span className="text-sm text-kumo-subtle">It shows within about 20 seconds.</span>
    </p>
  )
}
