// The workerd process as the operating system reports it: its id, processor time and memory.
import { execFileSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync } from 'node:fs'

/** Linux alone tells. */
const hasProc = existsSync('/proc/self/stat')
const ticksASecond = hasProc
  ? Number(execFileSync('getconf', ['CLK_TCK'], { encoding: 'utf8' }))
  : Number.NaN

/** Fields of proc_pid_stat(5) after the name, which may hold spaces. */
function statOf(pid: number): { name: string; fields: string[] } {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
  const end = stat.lastIndexOf(')')
  return { name: stat.slice(stat.indexOf('(') + 1, end), fields: stat.slice(end + 2).split(' ') }
}

/** The workerd processes that this process started. */
export function ownWorkerds(): number[] {
  if (!hasProc) return []
  return readdirSync('/proc')
    .filter((entry) => /^\d+$/.test(entry))
    .map(Number)
    .filter((pid) => {
      try {
        const { name, fields } = statOf(pid)
        return name === 'workerd' && Number(fields[1]) === process.pid
      } catch {
        return false
      }
    })
}

/** Processor time, user and system, in milliseconds; NaN where the system does not tell. */
export function processorMs(pid: number | null): number {
  if (pid === null) return Number.NaN
  const { fields } = statOf(pid)
  return ((Number(fields[11]) + Number(fields[12])) * 1000) / ticksASecond
}

/** Memory held now, in bytes. */
export function residentBytes(pid: number): number {
  const kilobytes = /^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]
  return Number(kilobytes) * 1024
}
