// A choice of a few, all of them shown.

type Props<Name extends string> = {
  legend: string
  names: readonly Name[]
  value: Name
  onChange: (name: Name) => void
}

export function Segmented<Name extends string>({ legend, names, value, onChange }: Props<Name>) {
  return (
    <fieldset className="flex max-w-full flex-wrap gap-0.5 self-start rounded-md bg-kumo-recessed p-0.5">
      <legend className="sr-only">{legend}</legend>
      {names.map((name) => (
        <button
          key={name}
          type="button"
          aria-pressed={name === value}
          onClick={() => onChange(name)}
          className={`rounded px-2.5 py-1 text-sm outline-none focus-visible:ring-2 focus-visible:ring-kumo-focus ${
            name === value
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
