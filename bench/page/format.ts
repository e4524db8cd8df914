// Markdown tables and figures of docs/performance.md.
import type { Machine } from '../support/machine.ts'
import type { Estimate } from './results.ts'

export const rowsOf = (head: string[], body: string[][]) => {
  const row = (cells: string[]) => `| ${cells.join(' | ')} |`
  return [row(head), row(head.map((_, at) => (at === 0 ? '---' : '--:'))), ...body.map(row)].join(
    '\n',
  )
}
export const whole = (value: number) => Math.round(value).toLocaleString('en-US')
export const microseconds = (ms: number) => whole(ms * 1000)
/** "0.75 (0.72 to 0.79)": of all rounds, and of one alone. */
export const estimateText = (estimate: Estimate | null, format: (value: number) => string) =>
  estimate === null
    ? ''
    : `${format(estimate.value)} (${format(estimate.low)} to ${format(estimate.high)})`
export const twoPlaces = (value: number) => value.toFixed(2)
export const kilobytes = (bytes: number) => `${(bytes / 1000).toFixed(1)} kB`

/** Where, when and how the figures were taken. */
export function taken(command: string, machine: Machine, how: string): string {
  const versions = Object.entries(machine.versions).map(([name, version]) => `${name} ${version}`)
  const trial = machine.isTrial ? '**A trial run on a busy machine; do not quote it.** ' : ''
  return `${trial}\`${command}\`, ${machine.date} UTC, commit ${machine.commit}. ${machine.cpu}, ${machine.cores} cores, ${machine.memoryGb} GB, ${machine.system}, load ${machine.load} before. ${how} ${versions.join(', ')}.`
}
