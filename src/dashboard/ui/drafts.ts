// What is typed into forms stays in this tab until it was sent or dismissed: through a reload and a session that ended.
// Passwords and codes are never kept, and what one person typed is not shown to another.
import { useCallback, useState } from 'react'
import { changes } from '../api/client.ts'

const prefix = 'draft:'
let owner: string | null = null

/** Drafts are of one person in one account. Those of other people go. */
export function ownDrafts(userId: string, accountId: string): void {
  if (owner === `${userId}/${accountId}/`) return
  owner = `${userId}/${accountId}/`
  dropDrafts((name) => !name.startsWith(`${userId}/`))
}

/** Without `which`: all. */
export function dropDrafts(which: (name: string) => boolean = () => true): void {
  try {
    for (const key of Object.keys(sessionStorage)) {
      if (key.startsWith(prefix) && which(key.slice(prefix.length))) sessionStorage.removeItem(key)
    }
  } catch {
    // Storage may be blocked: then there is none.
  }
}

/** The draft of a form, with all that begins with its name. */
export const dropDraft = (name: string) =>
  dropDrafts((other) => owner !== null && other.startsWith(owner + name))

function keep(name: string, value: unknown): void {
  if (owner === null) return
  try {
    sessionStorage.setItem(prefix + owner + name, JSON.stringify(value))
  } catch {
    // Storage may be blocked or full: the draft then lasts as long as its form.
  }
}

function kept<Value>(name: string): Value | null {
  if (owner === null) return null
  try {
    return JSON.parse(sessionStorage.getItem(prefix + owner + name) ?? 'null') as Value | null
  } catch {
    return null
  }
}

/** Like `useState`, kept under a name. `isRestored`: it began as it was left. */
export function useDraft<Value>(name: string, initial: () => Value) {
  const [state, setState] = useState(() => {
    const value = kept<Value>(name)
    return { value: value ?? initial(), isRestored: value !== null }
  })
  return {
    ...state,
    set(value: Value): void {
      keep(name, value)
      setState((before) => ({ ...before, value }))
    },
    /** It was sent or dismissed. */
    forget: () => dropDraft(name),
    /** As it would be without what was kept. */
    reset(): void {
      dropDraft(name)
      setState({ value: initial(), isRestored: false })
    },
  }
}

type Field = HTMLInputElement | HTMLTextAreaElement

/**
 * Keeps the fields of a form that have a name and no secret, where they differ from what the form began with.
 * @returns the ref of the form, which may be mounted after its component
 */
export function useKeptFields(name: string) {
  return useCallback(
    (form: HTMLFormElement) => {
      const before = Object.entries(kept<Record<string, string>>(name) ?? {})
      for (const [field, text] of before) {
        const found = fieldsOf(form).find((each) => each.name === field)
        if (found) type(found, text)
      }
      const onInput = () => {
        const changed = fieldsOf(form).filter((field) => field.value !== field.defaultValue)
        keep(name, Object.fromEntries(changed.map((field) => [field.name, field.value])))
      }
      form.addEventListener('input', onInput)
      // Sent, and done.
      const end = changes.on(() => dropDraft(name))
      return () => {
        form.removeEventListener('input', onInput)
        end()
      }
    },
    [name],
  )
}

function fieldsOf(form: HTMLFormElement): Field[] {
  const all = [...form.querySelectorAll<Field>('input[name], textarea[name]')]
  return all.filter(({ type, autocomplete }) => isText(type) && autocomplete !== 'one-time-code')
}

const isText = (type: string) => ['text', 'email', 'url', 'textarea'].includes(type)

/** As the browser does it, so that React hears of it. */
function type(field: Field, text: string): void {
  const { set } = Object.getOwnPropertyDescriptor(Object.getPrototypeOf(field), 'value') ?? {}
  set?.call(field, text)
  field.dispatchEvent(new Event('input', { bubbles: true }))
}
