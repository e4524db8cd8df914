// latchkey import FILE: keys of another system, by the digests of their tokens, so that the tokens go on working.
import { closeSync, openSync, writeSync } from 'node:fs'
import { command, connectionArgs, dryRunArg, listOf } from '../command.ts'
import { connect } from '../connection.ts'
import { exitCodes, usageError } from '../exit.ts'
import { progress } from '../progress.ts'
import { print, printJson, say } from '../terminal.ts'
import { plural, safeJson } from '../text.ts'
import { type Checkpoint, type Counts, checkpointOf } from './checkpoint.ts'
import type { Settings } from './entry.ts'
import { inputFormatOf, rowsOf } from './rows.ts'
import { type Refusal, runImport } from './run.ts'
import { type Source, sources } from './source.ts'

const refusals = ['invalid', 'forbidden', 'quota_exceeded']

export default command({
  args: {
    file: {
      type: 'positional',
      required: true,
      description: 'CSV with names of columns, or NDJSON; - for standard input',
    },
    from: {
      type: 'enum',
      options: Object.keys(sources),
      required: true,
      description: 'Whose rows they are',
    },
    format: {
      type: 'string',
      description: 'The foreign format of latchkey.config.ts; that of the guide if left out',
    },
    scopes: {
      type: 'string',
      valueHint: 'a,b',
      description: 'For keys that have none of their own; "" for none',
    },
    input: { type: 'enum', options: ['csv', 'ndjson'], description: 'By the ending if left out' },
    refusals: {
      type: 'string',
      valueHint: 'path',
      description: 'Write refused rows there, as NDJSON',
    },
    ...dryRunArg,
    ...connectionArgs,
  },
  mayBeEmpty: ['scopes'],
  async run(args) {
    const { file, json } = args
    const input = inputFormatOf(file, args.input)
    const settings = settingsOf(args)
    const isDry = args['dry-run'] === true
    const connection = isDry ? null : connect(args, { person: true })
    const identity = {
      ...settings,
      source: args.from,
      input,
      url: connection?.url,
      account: connection?.account,
    }
    const checkpoint: Checkpoint = isDry
      ? { start: null, reach() {}, done() {} }
      : checkpointOf(file, identity)
    const { start } = checkpoint
    if (start !== null) say(`Going on after row ${start.rows}.`)
    const shown = watcher(file, args.refusals, start !== null)
    const rows = rowsOf(file, input)
    const counts = await runImport(rows, settings, connection, checkpoint, shown).finally(shown.end)
    if (json) printJson(counts)
    else print(textOf(counts))
    if (refusals.some((result) => counts[result])) process.exitCode = exitCodes.refused
  },
})

type Given = { from: string; format?: string | undefined; scopes?: string | undefined }

/** @throws CliError */
function settingsOf({ from, format, scopes }: Given): Settings {
  const source: Source = sources[from as keyof typeof sources]
  // Without scopes, the keys would inherit all rights of who imports them.
  if (!source.hasScopes && scopes === undefined) {
    throw usageError('Their scopes have no counterpart here: set --scopes ("" for none).')
  }
  return { source, format: format ?? source.format, scopes: listOf(scopes) }
}

function watcher(file: string, refusalsFile: string | undefined, isResumed: boolean) {
  const shown = progress()
  const handle =
    refusalsFile === undefined ? null : openSync(refusalsFile, isResumed ? 'a' : 'w', 0o600)
  let reached = 0
  const interrupted = () => {
    shown.clear()
    const how = file === '-' ? 'known keys are not changed' : 'it goes on from there'
    say(`Interrupted after row ${reached}. Run the same command again: ${how}.`)
    process.exit(exitCodes.interrupted)
  }
  process.once('SIGINT', interrupted)
  return {
    refused(refusal: Refusal) {
      shown.clear()
      say(sentenceOf(refusal))
      if (handle !== null) writeSync(handle, `${safeJson(refusal)}\n`)
    },
    reached(rows: number, counts: Counts) {
      reached = rows
      shown.show(`${plural(rows, 'row')}: ${textOf(counts)}`)
    },
    waiting: shown.show,
    end() {
      shown.clear()
      process.off('SIGINT', interrupted)
      if (handle !== null) closeSync(handle)
    },
  }
}

function sentenceOf({ row, line, name, reason }: Refusal): string {
  const where = name === null ? `Row ${row}, line ${line}` : `Row ${row}, line ${line} (${name})`
  return `${where}: ${reason}`
}

function textOf(counts: Counts): string {
  const parts = Object.entries(counts).map(([result, count]) => `${count} ${result}`)
  return parts.join(', ') || 'There were no keys.'
}
