// The page without a session: why, and the way back.
import { HostLink } from './host-link.tsx'
import type { Ending } from './portal.ts'
import { hostOrigin } from './stored-session.ts'

const texts: Record<Ending, [title: string, sentence: string]> = {
  used: [
    'This link does not work any more',
    'A link opens this page once, within five minutes. Open the page again from where you came from.',
  ],
  none: [
    'Open this page from your account',
    'You manage your API keys here after you have signed in where you use them. Open this page from there.',
  ],
  ended: [
    'Your session has ended',
    'Its time was over, or your access has changed. Open the page again from where you came from. Your keys keep working.',
  ],
  signed_out: [
    'You are signed out',
    'Open the page again from where you came from. Your keys keep working.',
  ],
}

export function OverPage({ ending }: { ending: Ending }) {
  const [title, sentence] = texts[ending]
  return (
    <div class="rounded-xl border border-line bg-base p-6">
      <h1 ref={(heading) => heading?.focus()} tabIndex={-1} class="text-2xl font-semibold">
        {title}
      </h1>
      <p class="mt-2 text-subtle">{sentence}</p>
      {hostOrigin() !== null && (
        <p class="mt-4">
          <HostLink />
        </p>
      )}
    </div>
  )
}
