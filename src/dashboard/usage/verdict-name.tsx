import { verdictColor, verdictNames } from './verdicts.ts'

/** With the colour that it has in charts. */
export function VerdictName({ code }: { code: string }) {
  return (
    <span className="flex items-center gap-1.5 font-medium text-kumo-default">
      <Swatch color={verdictColor(code)} />
      {verdictNames[code] ?? code}
    </span>
  )
}

/** The colour of a verdict in the chart. */
export function Swatch({ color }: { color: string }) {
  return (
    <svg viewBox="0 0 10 10" width={10} height={10} aria-hidden="true" className="shrink-0">
      <rect width="10" height="10" rx="2" fill={color} />
    </svg>
  )
}
