// The request log: what keys asked, why it was refused, and what mends it.
import { Select } from '@cloudflare/kumo/components/select'
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useSearchParams } from 'wouter'
import { KeyPicker } from '../keys/key-picker.tsx'
import { isAtLeast } from '../session/roles.ts'
import { useSignedIn } from '../session/signed-in.tsx'
import { surface, tableEdges } from '../ui/card.tsx'
import { Page } from '../ui/page.tsx'
import { EmptyText, PagedList } from '../ui/paged-list.tsx'
import { useCursorPages } from '../ui/pager.tsx'
import { useSetSearchParam } from '../ui/use-set-search-param.ts'
import { LiveNote } from '../usage/live-note.tsx'
import { addRequest, type RequestFilter, requestsQuery } from '../usage/requests.ts'
import { useTail } from '../usage/use-tail.ts'
import { verdictNames } from '../usage/verdicts.ts'
import { RequestTable } from './request-table.tsx'

export default function RequestsPage() {
  const { role } = useSignedIn()
  return (
    <Page
      title="Requests"
      description="What keys asked in the last 7 days: refusals first, and a sample of what passed. No path, query or body is kept, and of an address only its network (/24 or /48)."
    >
      {isAtLeast(role, 'admin') ? (
        <Log />
      ) : (
        <p className="text-base">Only owners and admins see the requests of an account.</p>
      )}
    </Page>
  )
}

/** In the address. */
function useFilter(): RequestFilter {
  const [params] = useSearchParams()
  const [key_id, code] = [params.get('key_id'), params.get('code')]
  return { ...(key_id && { key_id }), ...(code && { code }) }
}

function Log() {
  const client = useQueryClient()
  const [params] = useSearchParams()
  const setParam = useSetSearchParam()
  const filter = useFilter()
  const pages = useCursorPages()
  const query = { ...filter, ...pages.query, limit: '25' }
  const list = useQuery(requestsQuery(query))
  const isPaused = params.get('live') === 'off'
  const isLaterPage = pages.number > 1
  const state = useTail(filter, !isPaused && !isLaterPage, {
    // What came before it, which the list may not have.
    onOpen: () => void list.refetch(),
    onRequest: (request) => addRequest(client, query, request),
  })
  return (
    <div className={`${surface} ${tableEdges} overflow-hidden`}>
      <search className="flex flex-wrap items-center gap-3 border-b border-kumo-hairline p-3">
        <Select
          aria-label="Outcome"
          className="w-44 sm:w-52"
          value={filter.code ?? 'all'}
          onValueChange={(next) => setParam('code', next === 'all' ? null : next)}
          items={{ all: 'All outcomes', ...verdictNames }}
        />
        <div className="w-full sm:w-64">
          <KeyPicker
            placeholder="All keys"
            id={filter.key_id ?? null}
            onChange={(id) => setParam('key_id', id)}
          />
        </div>
        <span className="sm:ml-auto">
          <LiveNote
            state={state}
            readAtMs={list.dataUpdatedAt}
            isLaterPage={isLaterPage}
            isPaused={isPaused}
            onPause={(next) => setParam('live', next ? 'off' : null)}
          />
        </span>
      </search>
      <PagedList
        list={list}
        pages={pages}
        loading="Loading requests"
        empty={<EmptyText>{emptyText(filter)}</EmptyText>}
      >
        {(requests) => (
          <RequestTable requests={requests} isOfOneKey={filter.key_id !== undefined} />
        )}
      </PagedList>
    </div>
  )
}

function emptyText({ key_id, code }: RequestFilter): string {
  if (code !== undefined) return 'No such requests in the last 7 days.'
  return key_id === undefined
    ? 'No requests in the last 7 days. The first one with a key appears here.'
    : 'No requests with this key in the last 7 days.'
}
