#!/usr/bin/env node
// The program `latchkey`.
import { runCommand } from 'citty'
import { program } from './commands.ts'
import { cliErrorOf, exitCodes } from './exit.ts'
import { print, say } from './terminal.ts'
import { metaOf, printUsage } from './usage-text.ts'

const rawArgs = process.argv.slice(2)

// A reader that has seen enough, such as `head`, ends the program, and is no failure.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error
  process.exit(exitCodes.done)
})

process.exitCode = await main().catch(report)

async function main(): Promise<number> {
  const separator = rawArgs.indexOf('--')
  const options = separator === -1 ? rawArgs : rawArgs.slice(0, separator)
  // What a shell asks: the words after it are no options of this program.
  if (rawArgs[0] === 'complete') {
    await (await import('./complete.ts')).complete(program, rawArgs.slice(separator + 1))
    return exitCodes.done
  }
  if (rawArgs[0] === '--version' || rawArgs[0] === '-v') {
    print(metaOf(program).version ?? '')
    return exitCodes.done
  }
  if (options.includes('--help') || options.includes('-h') || rawArgs.length === 0) {
    await printUsage(program, options)
    return rawArgs.length === 0 ? exitCodes.usage : exitCodes.done
  }
  await runCommand(program, { rawArgs })
  return Number(process.exitCode ?? exitCodes.done)
}

function report(error: unknown): number {
  const known = cliErrorOf(error) ?? usageFailure(error)
  if (known !== null) {
    say(known.message)
    return known.exitCode
  }
  // A defect. Its message may hold what was given, so the place alone is printed.
  const { name = 'Error', stack = '' } = error instanceof Error ? error : {}
  const places = stack.split('\n').filter((each) => /^\s+at /.test(each))
  say(`latchkey failed (${name}). Please report it with these lines:\n${places.join('\n')}`)
  return exitCodes.refused
}

/** Errors of citty, whose message may quote an argument. */
function usageFailure(error: unknown): { message: string; exitCode: number } | null {
  if (!(error instanceof Error) || error.name !== 'CLIError') return null
  const { code } = error as Error & { code?: string }
  const message = code === 'EARG' ? error.message : 'There is no such command.'
  const stated =
    code === 'EARG' && message.startsWith('Invalid')
      ? 'An option has a value that it does not take.'
      : message
  return { message: `${stated} See latchkey --help.`, exitCode: exitCodes.usage }
}
