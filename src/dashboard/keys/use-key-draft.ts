import { useState } from 'react'
import type { Key } from './api.ts'
import { draftErrors, type KeyDraft } from './key-draft.ts'

/** The state of the key form. Errors are shown from the first submission on. */
export function useKeyDraft(initial: () => KeyDraft, before?: Key) {
  const [draft, setDraft] = useState(initial)
  const [wasSubmitted, setWasSubmitted] = useState(false)
  const errors = draftErrors(draft, before)
  return {
    draft,
    fields: { draft, onChange: setDraft, errors: wasSubmitted ? errors : {} },
    validate(): boolean {
      setWasSubmitted(true)
      return Object.keys(errors).length === 0
    },
  }
}
