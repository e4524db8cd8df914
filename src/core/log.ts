// The one place that writes log lines: one JSON object a line, without anything that looks like a token
// and without the parameters of a failed statement.
import { redact } from './redact.ts'

export function log(
  level: 'info' | 'warn' | 'error',
  event: string,
  fields: Record<string, unknown> = {},
): void {
  const line = JSON.stringify({ level, event, ...fields }, (_, value) =>
    value instanceof Error ? describe(value) : value,
  )
  // biome-ignore lint/suspicious/noConsole: a Worker's log is its console
  console[level](redact(line))
}

/** Takes note of a store that did not answer where the request was answered all the same. */
export type ReportOutage = (store: string, cause: unknown) => void

const noteEveryMs = 10_000

/** One line a store in ten seconds, with how often it failed since the last: an outage must not flood the log. */
export function createOutageLog(now: () => number): ReportOutage {
  const noted = new Map<string, { at: number; since: number }>()
  return (store, cause) => {
    const last = noted.get(store) ?? { at: Number.NEGATIVE_INFINITY, since: 0 }
    last.since++
    noted.set(store, last)
    if (now() - last.at < noteEveryMs) return
    log('warn', 'store_unanswered', { store, failures: last.since, cause: errorSummary(cause) })
    Object.assign(last, { at: now(), since: 0 })
  }
}

/** What failed, and what lay at the bottom of it: of the statement in between nobody learns anything. */
export function errorSummary(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  let root: unknown = error
  while (root instanceof Error && root.cause !== undefined) root = root.cause
  return root === error ? error.message : `${error.message}: ${(root as Error).message ?? root}`
}

function describe(error: Error): Record<string, unknown> {
  const [message = ''] = error.message.split('\nparams:')
  const { name, stack, cause } = error
  const frames = stack?.split('\n').filter((frame) => /^\s+at /.test(frame))
  return { name, message, ...(frames && { frames }), ...(cause !== undefined && { cause }) }
}
