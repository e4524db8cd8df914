// Reads the fields of a submitted form, so that they need no React state.
import type { FormEvent } from 'react'

export type Fields = {
  /** As typed: for passwords. */
  text: (name: string) => string
  trimmed: (name: string) => string
}

export function handleSubmit(onFields: (fields: Fields) => unknown) {
  return (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault()
    const data = new FormData(event.currentTarget)
    const text = (name: string) => String(data.get(name) ?? '')
    onFields({ text, trimmed: (name) => text(name).trim() })
  }
}
