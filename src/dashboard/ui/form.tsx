// A form whose errors are found: after it was submitted, the first of them has the focus, and it goes when its field is
// edited.
import { type ComponentProps, type FormEvent, useEffect, useRef } from 'react'
import { type Fields, handleSubmit } from './handle-submit.ts'

type Props = Omit<ComponentProps<'form'>, 'onSubmit' | 'onChange'> & {
  task: { isPending: boolean; forget?: (field: string) => void }
  onFields: (fields: Fields) => unknown
}

export function Form({ task, onFields, className = 'flex flex-col gap-4', ...props }: Props) {
  const lookForErrors = useFirstError(task.isPending)
  const submit = handleSubmit(onFields)
  return (
    <form
      {...props}
      className={className}
      onChange={({ target }: FormEvent) => {
        if ('name' in target && typeof target.name === 'string') task.forget?.(target.name)
      }}
      onSubmit={(event) => {
        if (task.isPending) return event.preventDefault()
        lookForErrors(event.currentTarget)
        submit(event)
      }}
    />
  )
}

/** @returns called with a form as it is submitted; the first error that is shown then has the focus. */
export function useFirstError(isPending: boolean) {
  const submitted = useRef<HTMLFormElement | null>(null)
  // After each render: errors without a request are there at once, those of the API with its answer.
  useEffect(() => {
    if (isPending || submitted.current === null) return
    const find = (selector: string) => submitted.current?.querySelector<HTMLElement>(selector)
    const field = find('[aria-invalid="true"]')
    const found = field ?? find('.text-kumo-danger') ?? find('[role="alert"]') ?? null
    if (found === null) return
    submitted.current = null
    field?.focus({ preventScroll: true })
    found.scrollIntoView({ block: 'center' })
  })
  return (form: HTMLFormElement) => {
    submitted.current = form
  }
}
