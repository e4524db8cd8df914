// The frame around every page: navigation on the left, or behind a button on narrow screens.
import { Button } from '@cloudflare/kumo/components/button'
import { ListIcon, XIcon } from '@phosphor-icons/react'
import { type ReactNode, useEffect, useState } from 'react'
import { useLocation } from 'wouter'
import { ClosingNotice } from '../account/closing-notice.tsx'
import { ReadOnlyNotice } from '../session/read-only.tsx'
import { useSignedIn } from '../session/signed-in.tsx'
import { ConnectionNotice } from '../ui/connection-notice.tsx'
import { Logo } from '../ui/logo.tsx'
import { preloadLater } from './later.ts'
import { Navigation } from './navigation.tsx'
import { Shortcuts } from './shortcuts.tsx'

export default function Shell({ children }: { children: ReactNode }) {
  useEffect(preloadLater, [])
  return (
    <div className="min-h-dvh bg-kumo-canvas text-kumo-default md:grid md:grid-cols-[15rem_minmax(0,1fr)]">
      <a
        href="#content"
        className="sr-only z-50 rounded bg-kumo-base p-2 focus:not-sr-only focus:fixed focus:top-2 focus:left-2"
      >
        Skip to content
      </a>
      <aside className="sticky top-0 hidden h-dvh flex-col border-r border-kumo-hairline bg-kumo-base md:flex">
        <Navigation />
      </aside>
      <NarrowNavigation />
      <Shortcuts />
      <main id="content" tabIndex={-1} className="min-w-0 outline-none">
        <ConnectionNotice />
        <ReadOnlyNotice />
        <ClosingNotice />
        {children}
      </main>
    </div>
  )
}

function NarrowNavigation() {
  const [isOpen, setIsOpen] = useState(false)
  const [path] = useLocation()
  const { account } = useSignedIn()
  // biome-ignore lint/correctness/useExhaustiveDependencies: closes after each navigation.
  useEffect(() => setIsOpen(false), [path])
  useEffect(() => {
    if (!isOpen) return
    const closeOnEscape = ({ key }: KeyboardEvent) => key === 'Escape' && setIsOpen(false)
    addEventListener('keydown', closeOnEscape)
    return () => removeEventListener('keydown', closeOnEscape)
  }, [isOpen])
  return (
    <header className="sticky top-0 z-20 border-b border-kumo-hairline bg-kumo-base md:hidden">
      <div className="flex items-center justify-between gap-3 px-4 py-2.5">
        <Logo />
        <span className="min-w-0 flex-1 truncate text-right text-sm text-kumo-subtle">
          {account.name}
        </span>
        <Button
          variant="ghost"
          shape="square"
          icon={isOpen ? XIcon : ListIcon}
          aria-label={isOpen ? 'Close navigation' : 'Open navigation'}
          aria-expanded={isOpen}
          aria-controls="narrow-navigation"
          onClick={() => setIsOpen(!isOpen)}
        />
      </div>
      <div
        id="narrow-navigation"
        hidden={!isOpen}
        className="absolute inset-x-0 top-full h-[calc(100dvh-3.5rem)] overflow-y-auto border-t border-kumo-hairline bg-kumo-base shadow-lg"
      >
        {isOpen && <Navigation isCompact />}
      </div>
    </header>
  )
}
