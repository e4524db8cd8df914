// The memory of workerd, read from /proc.
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'

/** The workerd that this process started. */
export function workerdPid(): number {
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue
    const { PPid, Name } = statusOf(Number(name))
    if (Number(PPid) === process.pid && Name === 'workerd') return Number(name)
  }
  throw new Error('No workerd runs below this process.')
}

/** `VmRSS` is current, `VmHWM` the peak since `resetPeak`. */
export function megabytesOf(pid: number, field: 'VmRSS' | 'VmHWM'): number {
  return Number.parseInt(statusOf(pid)[field] ?? '', 10) / 1024
}

/** proc(5), clear_refs: 5 resets the peak. */
export function resetPeak(pid: number): void {
  writeFileSync(`/proc/${pid}/clear_refs`, '5')
}

function statusOf(pid: number): Record<string, string> {
  try {
    const lines = readFileSync(`/proc/${pid}/status`, 'utf8').split('\n')
    return Object.fromEntries(lines.map((line) => line.split(/:\s*/, 2)))
  } catch {
    return {}
  }
}
