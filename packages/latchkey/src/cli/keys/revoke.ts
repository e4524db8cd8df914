// latchkey keys revoke: some keys by their ids, or all that one person, key or customer has.

import type { RevokedKeys, Selection, Underway } from '../../types.ts'
import { command, connectionArgs, dryRunArg, yesArg } from '../command.ts'
import { type Connection, connect } from '../connection.ts'
import { exitCodes, usageError } from '../exit.ts'
import { progress } from '../progress.ts'
import { confirmed } from '../prompt.ts'
import { persistently } from '../retry.ts'
import { tableOf } from '../table.ts'
import { printJson, say } from '../terminal.ts'
import { plural } from '../text.ts'
import { keyColumns } from './columns.ts'
import { sayUnderway } from './issued.ts'
import { type Selected, selectedKeys } from './selected.ts'

/** Far below what one call takes, so that progress is seen. */
const idsPerCall = 100

export default command({
  args: {
    id: {
      type: 'positional',
      required: false,
      description: 'Ids of keys, any number; - for ids from standard input',
    },
    'created-by': { type: 'string', valueHint: 'id', description: 'All keys of this person' },
    'made-by': {
      type: 'string',
      valueHint: 'id',
      description: 'All keys that this key, session or person made',
    },
    'external-id': { type: 'string', description: 'All keys of this customer' },
    ...dryRunArg,
    ...yesArg,
    ...connectionArgs,
  },
  isVariadic: true,
  async run(args) {
    const selection = await selectionOf(args)
    const connection = connect(args)
    if (args['dry-run']) return showSelected(await select(connection, selection), args.json)
    await confirm(connection, selection, args.yes)
    const outcome = await revoke(connection, selection)
    if (args.json) printJson(outcome)
    else {
      say(`${plural(outcome.revoked, 'key')} revoked.`)
      sayUnderway(outcome)
    }
    reportMissing(outcome.missing)
  },
})

type Given = { _: string[] } & {
  [Name in 'created-by' | 'made-by' | 'external-id']?: string | undefined
}

/** @throws CliError */
async function selectionOf(args: Given): Promise<Selection> {
  const ids = args._.includes('-') ? await idsOfInput() : args._
  const selections = [
    ...(ids.length > 0 ? [{ ids }] : []),
    ...(args['created-by'] === undefined ? [] : [{ created_by: args['created-by'] }]),
    ...(args['made-by'] === undefined ? [] : [{ made_by: args['made-by'] }]),
    ...(args['external-id'] === undefined ? [] : [{ external_id: args['external-id'] }]),
  ]
  const [selection, other] = selections
  if (selection === undefined || other !== undefined) {
    throw usageError(
      'Name keys by their ids, or give one of --created-by, --made-by and --external-id.',
    )
  }
  return selection
}

async function idsOfInput(): Promise<string[]> {
  let text = ''
  for await (const chunk of process.stdin.setEncoding('utf8')) text += chunk
  return text.split(/\s+/).filter((id) => id !== '')
}

async function select(connection: Connection, selection: Selection): Promise<Selected> {
  const shown = progress()
  const selected = await selectedKeys(connection.client, selection, (found) =>
    shown.show(`${plural(found, 'key')} found`),
  )
  shown.clear()
  return selected
}

function showSelected({ keys, missing }: Selected, json: boolean | undefined): void {
  if (json) printJson({ would_revoke: keys.length, keys, missing })
  else tableOf(keyColumns)(keys)
  say(`Would revoke ${plural(keys.length, 'key')}. Nothing was changed.`)
  reportMissing(missing)
}

async function confirm(
  connection: Connection,
  selection: Selection,
  isAgreed: boolean | undefined,
): Promise<void> {
  if (isAgreed || ('ids' in selection && selection.ids.length === 1)) return
  const { keys } = await select(connection, selection)
  await confirmed(`Revoke ${plural(keys.length, 'key')} for good?`, isAgreed)
}

/** Revoking again changes nothing, so that what got no answer is sent again. */
async function revoke(
  { client }: Connection,
  selection: Selection,
): Promise<RevokedKeys & Underway> {
  const shown = progress()
  const all: RevokedKeys & Underway = { revoked: 0, missing: [] }
  const batches = batchesOf(selection)
  for (const [at, batch] of batches.entries()) {
    const total = 'ids' in selection ? ` of ${selection.ids.length}` : ''
    shown.show(`Revoking: ${all.revoked}${total}, ${at + 1} of ${plural(batches.length, 'call')}`)
    const { revoked, missing, ...underway } = await persistently(
      () => client.revokeMany(batch),
      (error, seconds) => shown.show(`Waiting ${seconds} s: ${error.detail}`),
    )
    all.revoked += revoked
    all.missing.push(...missing)
    Object.assign(all, underway)
  }
  shown.clear()
  return all
}

function batchesOf(selection: Selection): Selection[] {
  if (!('ids' in selection)) return [selection]
  const { ids } = selection
  const starts = Array.from(
    { length: Math.ceil(ids.length / idsPerCall) },
    (_, at) => at * idsPerCall,
  )
  return starts.map((start) => ({ ids: ids.slice(start, start + idsPerCall) }))
}

/** What named no key is a failure: it may be misspelt, and the key still work. */
function reportMissing(missing: readonly string[]): void {
  if (missing.length === 0) return
  for (const each of missing) say(`No key of the account: ${each}`)
  process.exitCode = exitCodes.refused
}
