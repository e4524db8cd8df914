// latchkey export FILE: the data of the account as lines of JSON, into a new file that only its owner reads.
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { createWriteStream, existsSync, renameSync, rmSync, type WriteStream } from 'node:fs'
import { errorOf } from '../error.ts'
import { command, connectionArgs } from './command.ts'
import { type Connection, connect } from './connection.ts'
import { CliError, exitCodes, usageError } from './exit.ts'
import { type Progress, progress } from './progress.ts'
import { printJson, say } from './terminal.ts'
import { plural } from './text.ts'

export default command({
  args: {
    file: { type: 'positional', required: true, description: 'A new file; - for standard output' },
    ...connectionArgs,
  },
  async run({ file, json, ...args }) {
    const connection = connect(args, { person: true })
    if (file !== '-' && existsSync(file)) throw usageError(`${file} exists already.`)
    const partial = `${file}.partial`
    const response = await opened(connection)
    const to =
      file === '-' ? process.stdout : createWriteStream(partial, { flags: 'wx', mode: 0o600 })
    const found = await copied(response, to, progress()).catch((error: unknown) => {
      if (file !== '-') rmSync(partial, { force: true })
      throw error
    })
    if (file === '-') return
    renameSync(partial, file)
    if (json) printJson({ file, ...found })
    else say(`${file}: ${plural(found.lines, 'line')}, ${plural(found.bytes, 'byte')}.`)
  },
})

async function opened({ open }: Connection): Promise<Response> {
  const response = await open('/api/account/export')
  if (!response.ok) throw errorOf(response, await response.json().catch(() => null))
  return response
}

type Found = { lines: number; bytes: number; sha256: string }

/** @throws CliError where the last line is missing, which says that it is whole */
async function copied(
  response: Response,
  to: WriteStream | NodeJS.WriteStream,
  shown: Progress,
): Promise<Found> {
  const hash = createHash('sha256')
  let [lines, bytes, tail] = [0, 0, '']
  try {
    for await (const chunk of response.body ?? []) {
      hash.update(chunk)
      bytes += chunk.length
      for (const byte of chunk) if (byte === 10) lines++
      tail = (tail + Buffer.from(chunk).toString('latin1')).slice(-2_000)
      if (!to.write(chunk)) await once(to, 'drain')
      shown.show(`Exporting: ${plural(lines, 'line')}`)
    }
  } catch (cause) {
    throw new CliError(
      exitCodes.unavailable,
      `The connection was lost after ${plural(lines, 'line')}.`,
      cause,
    )
  } finally {
    shown.clear()
  }
  if (to !== process.stdout) await new Promise<void>((resolve) => to.end(resolve))
  if (!isWhole(tail)) {
    throw new CliError(
      exitCodes.unavailable,
      'The export is not complete: its last line is missing. Repeat it.',
    )
  }
  return { lines, bytes, sha256: hash.digest('hex') }
}

function isWhole(tail: string): boolean {
  const last = tail.trimEnd().split('\n').at(-1) ?? ''
  try {
    return (JSON.parse(last) as { type?: unknown }).type === 'end'
  } catch {
    return false
  }
}
