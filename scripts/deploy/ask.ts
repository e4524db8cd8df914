// Questions to the person at the terminal.
import { createInterface } from 'node:readline/promises'
import { Writable } from 'node:stream'

export function isInteractive(): boolean {
  return process.stdin.isTTY === true && process.stdout.isTTY === true && !process.env.CI
}

/** The answer, trimmed; empty for Enter. */
export function ask(question: string): Promise<string> {
  return read(question, process.stdout)
}

/** As `ask`, but what is typed does not appear. Empty: make one. */
export async function askSecret(name: string): Promise<string> {
  process.stdout.write(`${name} (Enter makes one): `)
  const answer = await read('', new Writable({ write: (_chunk, _encoding, done) => done() }))
  process.stdout.write('\n')
  return answer
}

async function read(question: string, output: NodeJS.WritableStream): Promise<string> {
  const line = createInterface({ input: process.stdin, output, terminal: true })
  // Ctrl-C at a question ends everything: nothing is half done yet.
  line.once('SIGINT', () => process.exit(130))
  try {
    return (await line.question(question)).trim()
  } finally {
    line.close()
  }
}
