import type { ComponentChildren } from 'preact'
import { useId } from 'preact/hooks'

/** A border of its own colour: 3:1 against the page, as WCAG 1.4.11 asks. */
export const control =
  'min-h-9 w-full rounded-lg border border-control bg-base px-3 py-1.5 text-sm text-ink'

type SelectProps<Value extends string> = {
  id: string
  value: Value
  choices: Record<Value, string>
  onChange: (value: Value) => void
}

export function Select<Value extends string>(props: SelectProps<Value>) {
  const { id, value, choices, onChange } = props
  return (
    <select
      id={id}
      class={control}
      value={value}
      onChange={(event) => onChange(event.currentTarget.value as Value)}
    >
      {Object.entries(choices).map(([each, text]) => (
        <option key={each} value={each}>
          {text as string}
        </option>
      ))}
    </select>
  )
}

type FieldProps = { label: string; children: (id: string) => ComponentChildren; hint?: string }

export function Field({ label, hint, children }: FieldProps) {
  const id = useId()
  return (
    <div class="flex flex-col gap-1">
      <label for={id} class="text-sm font-medium">
        {label}
      </label>
      {children(id)}
      {hint && <p class="text-sm text-subtle">{hint}</p>}
    </div>
  )
}
