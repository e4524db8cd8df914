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

function describe(error: Error): Record<string, unknown> {
  const [message = ''] = error.message.split('\nparams:')
  const { name, stack, cause } = error
  const frames = stack?.split('\n').filter((frame) => /^\s+at /.test(frame))
  return { name, message, ...(frames && { frames }), ...(cause !== undefined && { cause }) }
}
