// Shown before the first key: what a key is for and how to use it.
import { Empty } from '@cloudflare/kumo/components/empty'
import { KeyIcon, MagnifyingGlassIcon } from '@phosphor-icons/react'
import { Link } from 'wouter'
import { surface } from '../ui/card.tsx'
import { NewKeyButton } from './new-key-button.tsx'

const steps = [
  ['Create a key', 'Name the program that will use it, and select only the scopes it needs.'],
  ['Store its token', 'It is shown only once. Put it into the environment of your server.'],
  ['Send the token', 'In the X-API-Key header, or as Authorization: Bearer.'],
]

export function NoKeys() {
  return (
    <div className={`${surface} px-4 py-10`}>
      <div className="mx-auto flex max-w-2xl flex-col items-center gap-6 text-center">
        <KeyIcon size={44} aria-hidden className="text-kumo-subtle" />
        <div>
          <h2 className="text-lg font-semibold text-kumo-default">No API keys yet</h2>
          <p className="mt-1 text-base text-kumo-subtle">
            A key lets a server or a script call your API without a signed-in user.
          </p>
        </div>
        <ol className="grid w-full gap-4 text-left sm:grid-cols-3">
          {steps.map(([title, text], index) => (
            <li key={title} className="rounded-md bg-kumo-recessed p-3">
              <p className="text-base font-medium text-kumo-default">
                {index + 1}. {title}
              </p>
              <p className="mt-1 text-sm text-kumo-subtle">{text}</p>
            </li>
          ))}
        </ol>
        <pre className="w-full rounded-md bg-kumo-recessed p-3 text-left font-mono text-sm break-all whitespace-pre-wrap text-kumo-default">
          {`curl ${location.origin}/api/v1/me -H "X-API-Key: $LATCHKEY_API_KEY"`}
        </pre>
        <NewKeyButton />
      </div>
    </div>
  )
}

/** @param hasMore a search looks through a part of the keys at a time. */
export function NoMatch({ hasMore }: { hasMore: boolean }) {
  return (
    <Empty
      size="sm"
      className="border-none"
      icon={<MagnifyingGlassIcon size={32} />}
      title={hasMore ? 'No matching keys so far' : 'No matching keys'}
      description={
        hasMore
          ? 'The next page looks through more keys.'
          : 'Try a shorter search or other filters.'
      }
      contents={
        <Link href="/keys" className="text-kumo-link underline">
          Show all keys
        </Link>
      }
    />
  )
}
