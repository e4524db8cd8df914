// What mends a refusal: a link to where the change is filled in, or what to do where no change of the key does it.
import { WrenchIcon } from '@phosphor-icons/react'
import { Link } from 'wouter'
import { useSignedIn } from '../session/signed-in.tsx'
import { fromPage } from '../ui/from-page.ts'
import { pathOfChange } from './key-change.ts'
import type { Mend } from './mend.ts'

type Props = { mend: Mend | null; keyId: string | null }

export function MendLink({ mend, keyId }: Props) {
  const { canChange } = useSignedIn()
  if (mend === null) return null
  const { text, note, change } = mend
  const path = change && canChange ? pathOfChange(change, keyId) : null
  if (path === null) return <span className="block text-sm text-kumo-subtle">{text}</span>
  return (
    <span className="block text-sm">
      <Link
        href={path}
        state={fromPage}
        className="inline-flex items-start gap-1 rounded text-kumo-link underline outline-none wrap-anywhere focus-visible:ring-2 focus-visible:ring-kumo-focus"
      >
        <WrenchIcon aria-hidden size={14} className="mt-0.5 shrink-0" />
        {text}
      </Link>
      {note && <span className="block text-kumo-subtle">{note}</span>}
    </span>
  )
}
