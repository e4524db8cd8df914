import type { ComponentChildren } from 'preact'
import { useEffect, useState } from 'preact/hooks'
import { KeysPage } from './keys/keys-page.tsx'
import { call } from './session/call.ts'
import { EndNotice } from './session/end-notice.tsx'
import { HostLink } from './session/host-link.tsx'
import { OverPage } from './session/over-page.tsx'
import { begin, type PortalState, signOut, usePortal } from './session/portal.ts'
import type { Look } from './session/types.ts'
import { Button } from './ui/button.tsx'
import { Problem } from './ui/problem.tsx'
import { setTheme } from './ui/theme.ts'
import { useOnline } from './ui/use-online.ts'

const plain: Look = { name: null, logo: null, theme: 'auto' }

export function App() {
  const state = usePortal()
  const look = useLook()
  if (look === null) return null
  const isOpen = state.kind === 'open'
  const name = look.name ?? (isOpen ? state.session.account.name : null)
  return (
    <div class="mx-auto flex min-h-dvh max-w-4xl flex-col px-4 py-6 sm:px-6">
      <header class="mb-6 flex flex-wrap items-center justify-between gap-x-4 gap-y-3">
        <p class="flex min-h-9 min-w-0 items-center gap-3 font-semibold wrap-anywhere">
          {look.logo !== null && <img src={look.logo} alt="" class="h-8 max-w-40 object-contain" />}
          <bdi>{name}</bdi>
        </p>
        {isOpen && (
          <nav aria-label="Session" class="flex flex-wrap items-center gap-4">
            <HostLink />
            <Button onClick={() => void signOut()}>Sign out</Button>
          </nav>
        )}
      </header>
      <main class="grow">
        <Offline />
        <Content state={state} host={name} />
      </main>
    </div>
  )
}

function Content({ state, host }: { state: PortalState; host: string | null }) {
  // A token that is shown must not go because the session does.
  const [isHeld, setHeld] = useState(false)
  const [last, setLast] = useState(state)
  useEffect(() => {
    if (state.kind === 'open') setLast(state)
  }, [state])
  const shown = isHeld && state.kind === 'over' ? last : state
  switch (shown.kind) {
    case 'loading':
      return <p role="status">Loading your keys …</p>
    case 'failed':
      return (
        <Failed>
          <Problem failure={shown.failure} />
        </Failed>
      )
    case 'over':
      return <OverPage ending={shown.ending} />
    case 'open':
      return (
        <>
          <EndNotice end={shown.end} />
          <KeysPage session={shown.session} host={host} onHold={setHeld} />
        </>
      )
  }
}

function Failed({ children }: { children: ComponentChildren }) {
  return (
    <>
      <h1 class="mb-4 text-2xl font-semibold">API keys</h1>
      {children}
      <div class="mt-4">
        <Button onClick={() => void begin()}>Try again</Button>
      </div>
    </>
  )
}

function Offline() {
  const isOnline = useOnline()
  return (
    <div role="status">
      {!isOnline && (
        <p class="mb-4 rounded-lg border border-line bg-note p-3 text-sm">
          You are offline. What is shown may be out of date, and nothing can be changed.
        </p>
      )}
    </div>
  )
}

/** null: not known yet. Without an answer the page has its plain look. */
function useLook(): Look | null {
  const [look, setLook] = useState<Look | null>(null)
  useEffect(() => {
    call<Look>('/page', { isAnonymous: true })
      .then(({ data }) => data)
      .catch(() => plain)
      .then((found) => {
        setTheme(found.theme)
        setLook(found)
      })
  }, [])
  return look
}
