// How a command ends: with a sentence, and a code that scripts can read (docs/cli.md).
import { LatchkeyError } from '../error.ts'

export const exitCodes = {
  done: 0,
  /** Latchkey refused it, or a part of it. */
  refused: 1,
  usage: 2,
  /** Nobody is signed in, or step-up is needed and there is no terminal to ask in. */
  notSignedIn: 3,
  unavailable: 4,
  interrupted: 130,
} as const

/** Ends the program: the message is all that is printed. */
export class CliError extends Error {
  readonly exitCode: number

  constructor(exitCode: number, message: string, cause?: unknown) {
    super(message, { cause })
    this.exitCode = exitCode
  }
}

export function usageError(message: string): CliError {
  return new CliError(exitCodes.usage, message)
}

const signIn = 'Sign in: latchkey login'

/** The client takes what is thrown while a person is asked for a proof for a broken connection: this is what was thrown. */
export function originOf(error: unknown): unknown {
  if (!(error instanceof LatchkeyError) || error.httpStatus !== 0) return error
  const { cause } = error
  return cause instanceof CliError || cause instanceof LatchkeyError ? cause : error
}

/** What a failure means for who runs the program; null for a defect of the program. */
export function cliErrorOf(thrown: unknown): CliError | null {
  const error = originOf(thrown)
  if (error instanceof CliError) return error
  if (error instanceof LatchkeyError) return new CliError(exitCodeOf(error), sentencesOf(error))
  // What the client refuses without a request, such as an id that is none.
  if (error instanceof TypeError && error.message.startsWith('latchkey: ')) {
    return usageError(error.message.slice('latchkey: '.length))
  }
  return fileErrorOf(error)
}

function fileErrorOf(error: unknown): CliError | null {
  const { code, path } = error as NodeJS.ErrnoException
  const why = { ENOENT: 'does not exist', EEXIST: 'exists already', EACCES: 'may not be opened' }
  if (code === undefined || path === undefined) return null
  const what = Object.hasOwn(why, code) ? why[code as keyof typeof why] : `failed: ${code}`
  return new CliError(exitCodes.refused, `${path} ${what}.`)
}

export function exitCodeOf({ code, httpStatus }: LatchkeyError): number {
  if (isUnavailable({ code, httpStatus })) return exitCodes.unavailable
  if (httpStatus === 401 || code === 'step_up_required') return exitCodes.notSignedIn
  return exitCodes.refused
}

/** Also an answer that is not Latchkey's, for example of a proxy in front of it. */
export function isUnavailable({ code, httpStatus }: Pick<LatchkeyError, 'code' | 'httpStatus'>) {
  return code === 'unexpected_answer' || [0, 500, 502, 503, 504].includes(httpStatus)
}

/** The problem in words: what, which fields, when to ask again, and the request id for who operates the deployment. */
function sentencesOf(error: LatchkeyError): string {
  const { detail, code, errors, requestId, retryAfterSeconds, httpStatus } = error
  const lines = [`${detail} (${code})`]
  for (const { path, message } of errors) lines.push(`  ${path || 'request'}: ${message}`)
  if (error.replacedBy !== null) lines.push(`  replaced by ${error.replacedBy}`)
  if (retryAfterSeconds !== null) lines.push(`  Try again in ${Math.ceil(retryAfterSeconds)} s.`)
  if (httpStatus === 401) lines.push(`  ${signIn}`)
  if (requestId !== null) lines.push(`  request ${requestId}`)
  return lines.join('\n')
}
