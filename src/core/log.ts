// The one place that writes log lines: one JSON object a line. Tokens never get here; what an error
// quotes of a statement's parameters is cut off, since those can hold what a client sent.

export function log(
  level: 'info' | 'warn' | 'error',
  event: string,
  fields: Record<string, unknown> = {},
): void {
  const line = JSON.stringify({ level, event, ...fields }, (_, value) =>
    value instanceof Error ? describe(value) : value,
  )
  // biome-ignore lint/suspicious/noConsole: a Worker's log is its console
  console[level](line)
}

function describe(error: Error): Record<string, unknown> {
  const [message = ''] = error.message.split('\nparams:')
  const { name, stack, cause } = error
  const frames = stack?.split('\n').filter((frame) => /^\s+at /.test(frame))
  return { name, message, ...(frames && { frames }), ...(cause !== undefined && { cause }) }
}
