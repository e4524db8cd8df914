// Where a secret goes that is shown once: a terminal, or a file that only its owner reads.
import { closeSync, openSync, rmSync, writeSync } from 'node:fs'
import { usageError } from './exit.ts'
import { isShown, print } from './terminal.ts'

export type SecretOutput = {
  /** Hands the secret over. */
  give(secret: string): void
  /** Nothing was made. */
  abandon(): void
  /** Whether JSON on standard output may hold it. */
  isShown: boolean
}

/**
 * Before anything is made, so that no secret is made that has nowhere to go.
 * @param option that names the file.
 * @throws CliError where standard output is a file or a pipe, and no file was named
 */
export function secretOutput(what: string, option: string, file: string | undefined): SecretOutput {
  if (file !== undefined) return fileOutput(file)
  if (isShown()) return { give: print, abandon() {}, isShown: true }
  throw usageError(
    `The ${what} is shown once, and only to a terminal. Standard output is none: name a new file by --${option}.`,
  )
}

function fileOutput(file: string): SecretOutput {
  // Never one that exists: others might have it open, or read it.
  const handle = openSync(file, 'wx', 0o600)
  return {
    give(secret) {
      writeSync(handle, `${secret}\n`)
      closeSync(handle)
    },
    abandon() {
      closeSync(handle)
      rmSync(file, { force: true })
    },
    isShown: false,
  }
}
