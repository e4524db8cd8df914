// Reading a form that was sent, without a state for each of its fields.
import type { FormEvent } from 'react'

export type Fields = {
  /** As typed: for passwords. */
  text: (name: string) => string
  trimmed: (name: string) => string
}

export function submitted(send: (fields: Fields) => unknown) {
  return (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault()
    const data = new FormData(event.currentTarget)
    const text = (name: string) => String(data.get(name) ?? '')
    send({ text, trimmed: (name) => text(name).trim() })
  }
}
