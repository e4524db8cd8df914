// Text to copy: selected as a whole by one click.
import type { ReactNode } from 'react'

type Props = { title: string; buttons: ReactNode; children: string }

export function CodeBlock({ title, buttons, children }: Props) {
  return (
    <section aria-label={title} className="flex flex-col gap-2">
      <div className="flex flex-wrap items-center justify-between gap-2">
        <h3 className="text-base font-medium text-kumo-default">{title}</h3>
        <div className="flex flex-wrap gap-2">{buttons}</div>
      </div>
      <pre
        // biome-ignore lint/a11y/noNoninteractiveTabindex: scrollable text must be reachable by keyboard.
        tabIndex={0}
        className="rounded-md bg-kumo-recessed px-3 py-2.5 font-mono text-sm break-all whitespace-pre-wrap text-kumo-default select-all"
      >
        {children}
      </pre>
    </section>
  )
}
