import { useState } from 'react'
import { useDraft } from '../ui/drafts.ts'
import type { Key } from './api.ts'
import { draftErrors, type KeyDraft } from './key-draft.ts'

type Kept = { value: KeyDraft; set: (draft: KeyDraft) => void }

/** What the key form needs. Errors are shown from the first submission on. */
export function useKeyDraft({ value: draft, set }: Kept, before?: Key) {
  const [wasSubmitted, setWasSubmitted] = useState(false)
  const errors = draftErrors(draft, before)
  return {
    fields: { draft, onChange: set, errors: wasSubmitted ? errors : {} },
    validate(): boolean {
      setWasSubmitted(true)
      return Object.keys(errors).length === 0
    },
  }
}

/**
 * The time at which an input was submitted first: an expiry in so many days is the same when it is submitted again, because its
 * answer was lost, and so is the request.
 */
export function useFirstTime(name: string): (input: unknown) => number {
  const first = useDraft<{ text: string; ms: number } | null>(`${name}, submitted`, () => null)
  return (input) => {
    const text = JSON.stringify(input)
    if (first.value?.text === text) return first.value.ms
    const ms = Date.now()
    first.set({ text, ms })
    return ms
  }
}
