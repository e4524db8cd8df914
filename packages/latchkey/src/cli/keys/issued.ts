// A key whose token was just made: the one time that it is shown.
import type { IssuedKey, Underway } from '../../types.ts'
import { type SecretOutput, secretOutput } from '../secret-output.ts'
import { printJson, say } from '../terminal.ts'

export const tokenFileArg = {
  'token-file': {
    type: 'string',
    valueHint: 'path',
    description: 'Write the token into this new file (0600), and print it nowhere',
  },
} as const

/** Makes a key, and hands its token over. Fails before it is made where the token has nowhere to go. */
export async function issue(
  args: { json?: boolean | undefined; 'token-file'?: string | undefined },
  make: () => Promise<IssuedKey & Underway>,
): Promise<void> {
  const output = secretOutput('token', 'token-file', args['token-file'])
  const made = await make().catch((error: unknown) => {
    output.abandon()
    throw error
  })
  handOver(output, made, args.json)
}

function handOver(
  output: SecretOutput,
  { key: token, ...key }: IssuedKey & Underway,
  json: boolean | undefined,
): void {
  if (json && output.isShown) {
    printJson({ ...key, key: token })
  } else {
    const where = output.isShown ? 'is shown this once:' : 'is in the file.'
    say(`${key.name} (${key.id}). Its token ${where}`)
    output.give(token)
    if (json) printJson(key)
  }
  sayUnderway(key)
}

/** What is not in force everywhere yet. */
export function sayUnderway({ effective_at, pending_regions }: Underway): void {
  if (effective_at !== undefined) say(`In force everywhere at ${effective_at}.`)
  if (pending_regions !== undefined) {
    say(`Not yet in force in ${pending_regions.join(', ')}, which follow by themselves.`)
  }
}
