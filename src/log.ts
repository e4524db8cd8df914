// Writes log lines, each one JSON object. Whatever looks like a token is redacted, and the parameters of
// a failed SQL statement are removed.
import { redact } from './core/redact.ts'

export function log(
  level: 'info' | 'warn' | 'error',
  event: string,
  fields: Record<string, unknown> = {},
): void {
  const line = JSON.stringify({ level, event, ...fields }, (_, value) =>
    value instanceof Error ? serializeError(value) : value,
  )
  // biome-ignore lint/suspicious/noConsole: a Worker's log is its console
  console[level](redact(line))
}

/** Reports a store that did not answer while the request could still be answered. */
export type ReportOutage = (store: string, cause: unknown) => void

const outageIntervalMs = 10_000

/** At most one line for each store in ten seconds, with the failures since the last: an outage must not flood the log. */
export function createOutageLog(now: () => number): ReportOutage {
  const outages = new Map<string, { loggedAt: number; failures: number }>()
  return (store, cause) => {
    const outage = outages.get(store) ?? { loggedAt: Number.NEGATIVE_INFINITY, failures: 0 }
    outage.failures++
    outages.set(store, outage)
    if (now() - outage.loggedAt < outageIntervalMs) return
    const { failures } = outage
    log('warn', 'store_unanswered', { store, failures, cause: errorSummary(cause) })
    Object.assign(outage, { loggedAt: now(), failures: 0 })
  }
}

/** The message of the error and that of its root cause. Causes in between may quote an SQL statement. */
export function errorSummary(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  let root: unknown = error
  while (root instanceof Error && root.cause !== undefined) root = root.cause
  return root === error ? error.message : `${error.message}: ${(root as Error).message ?? root}`
}

function serializeError(error: Error): Record<string, unknown> {
  const [message = ''] = error.message.split('\nparams:')
  const { name, stack, cause } = error
  const frames = stack?.split('\n').filter((frame) => /^\s+at /.test(frame))
  return { name, message, ...(frames && { frames }), ...(cause !== undefined && { cause }) }
}

/**
 * Runs every task, one after another, and logs each failure with the id of its item.
 * @param idField the name of the id in the log
 * @throws the first failure, after every task has run
 */
export async function tryEach(
  event: string,
  idField: string,
  tasks: readonly (readonly [id: string, run: () => Promise<unknown>])[],
): Promise<void> {
  const failures: unknown[] = []
  for (const [id, run] of tasks) {
    try {
      await run()
    } catch (cause) {
      log('error', event, { [idField]: id, cause: errorSummary(cause) })
      failures.push(cause)
    }
  }
  if (failures.length > 0) throw failures[0]
}
