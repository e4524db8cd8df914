// Prompts at the terminal.
import { createInterface } from 'node:readline/promises'
import { Writable } from 'node:stream'

export function isInteractive(): boolean {
  return process.stdin.isTTY === true && process.stdout.isTTY === true && !process.env.CI
}

/** Returns the entered line, trimmed; empty for Enter. */
export function prompt(question: string): Promise<string> {
  return read(question, process.stdout)
}

/** As `prompt`, without echo. Empty: generate one. */
export async function promptSecret(name: string): Promise<string> {
  process.stdout.write(`${name} (Enter generates one): `)
  const line = await read('', new Writable({ write: (_chunk, _encoding, done) => done() }))
  process.stdout.write('\n')
  return line
}

async function read(question: string, output: NodeJS.WritableStream): Promise<string> {
  const terminal = createInterface({ input: process.stdin, output, terminal: true })
  // Ctrl-C at a prompt exits: no step has run yet.
  terminal.once('SIGINT', () => process.exit(130))
  try {
    return (await terminal.question(question)).trim()
  } finally {
    terminal.close()
  }
}
