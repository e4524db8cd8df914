import { type TimeRange, timeRanges } from './api.ts'

type Props = { range: TimeRange; onChange: (range: TimeRange) => void }

export function TimeRangeSelect({ range, onChange }: Props) {
  return (
    <fieldset className="flex gap-0.5 rounded-md bg-kumo-recessed p-0.5">
      <legend className="sr-only">Time range</legend>
      {(Object.keys(timeRanges) as TimeRange[]).map((name) => (
        <button
          key={name}
          type="button"
          aria-pressed={name === range}
          onClick={() => onChange(name)}
          className={`rounded px-2.5 py-1 text-sm outline-none focus-visible:ring-2 focus-visible:ring-kumo-focus ${
            name === range
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
