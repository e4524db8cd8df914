// While developing: `wrangler dev` throws an error of its own for a service binding whose Worker does not run on the machine. No
// deployed Worker gets it, so what is said here is never seen in production.

/** What the one who develops has to do, with the name of the Worker; undefined for any other error. */
export function notConnected({ message }: Error): string | undefined {
  if (message.endsWith('locally.')) return `${message} The binding needs npm start of latchkey.`
  return undefined
}
