import { type Span, spans } from './api.ts'

export function SpanSwitch({ span, onChoose }: { span: Span; onChoose: (span: Span) => void }) {
  return (
    <fieldset className="flex gap-0.5 rounded-md bg-kumo-recessed p-0.5">
      <legend className="sr-only">Time span</legend>
      {(Object.keys(spans) as Span[]).map((name) => (
        <button
          key={name}
          type="button"
          aria-pressed={name === span}
          onClick={() => onChoose(name)}
          className={`rounded px-2.5 py-1 text-sm outline-none focus-visible:ring-2 focus-visible:ring-kumo-focus ${
            name === span
              ? 'bg-kumo-base font-medium text-kumo-default shadow-xs ring ring-kumo-line'
              : 'text-kumo-subtle'
          }`}
        >
          {name}
        </button>
      ))}
    </fieldset>
  )
}
