// Questions, on standard error.
import {
  password as askHidden,
  text as askText,
  confirm as askYes,
  isCancel,
  select,
} from '@clack/prompts'
import { CliError, exitCodes, usageError } from './exit.ts'
import { canAsk } from './terminal.ts'

const output = process.stderr
const required = (value: string | undefined) => (value ? undefined : 'Needed')

/** Not echoed. @throws CliError */
export async function hidden(message: string): Promise<string> {
  return answerOf(await askHidden({ message, mask: '*', validate: required, output })).trim()
}

/** A password may begin or end with a space. @throws CliError */
export async function hiddenAsIs(message: string): Promise<string> {
  return answerOf(await askHidden({ message, mask: '*', validate: required, output }))
}

/** @throws CliError */
export async function line(message: string, initialValue?: string): Promise<string> {
  const options = { message, validate: required, output }
  const answer = await askText(initialValue === undefined ? options : { ...options, initialValue })
  return answerOf(answer).trim()
}

/** @throws CliError */
export async function choose<Value extends string>(
  message: string,
  options: readonly { value: Value; label: string }[],
): Promise<Value> {
  return answerOf(await select<string>({ message, options: [...options], output })) as Value
}

/** Asks before what changes many. @throws CliError where nobody agrees, or can be asked */
export async function confirmed(question: string, isAgreed: boolean | undefined): Promise<void> {
  if (isAgreed) return
  if (!canAsk()) throw usageError(`${question} Repeat it with --yes.`)
  const answer = answerOf(await askYes({ message: question, initialValue: false, output }))
  if (!answer) throw new CliError(exitCodes.interrupted, 'Nothing was changed.')
}

function answerOf<Value>(answer: Value): Exclude<Value, symbol> {
  if (isCancel(answer)) throw new CliError(exitCodes.interrupted, 'Interrupted.')
  return answer as Exclude<Value, symbol>
}

/** All of standard input, for a secret: the line break at its end is not part of it. */
export async function standardInput(): Promise<string> {
  let text = ''
  for await (const chunk of process.stdin.setEncoding('utf8')) {
    text += chunk
    if (text.length > 10_000) throw usageError('Standard input holds more than a token.')
  }
  return text.trim()
}

/**
 * A token never stands on a command line, where the history of the shell and every process of the machine could read it.
 * @throws CliError
 */
export function refuseSecretArgument(argument: string | undefined): void {
  if (argument === undefined || argument === '-') return
  throw usageError(
    'A token never stands on a command line, which other programs can read: leave it out to be asked for it, or give - for standard input. If that was a token, rotate its key.',
  )
}

/** Asked for, or with `-` from standard input. @throws CliError */
export async function secretFrom(argument: string | undefined, question: string): Promise<string> {
  refuseSecretArgument(argument)
  if (argument === undefined && canAsk()) return hidden(question)
  const secret = await standardInput()
  if (secret === '') throw usageError('Standard input is empty.')
  return secret
}
