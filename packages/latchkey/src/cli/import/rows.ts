// The rows of a file, one after another, in constant memory.
import { createReadStream } from 'node:fs'
import type { Readable } from 'node:stream'
import { parse } from 'csv-parse'
import { usageError } from '../exit.ts'
import type { Row } from './source.ts'

export type InputFormat = 'csv' | 'ndjson'
/** `number` counts rows from 1; `line` is where the row ends in the file. */
export type NumberedRow = { number: number; line: number } & ({ row: Row } | { unreadable: string })

/** Characters of one row: far more than a key may have. */
const maxLine = 1_000_000

/** By its ending. @throws CliError */
export function inputFormatOf(file: string, given: string | undefined): InputFormat {
  if (given === 'csv' || given === 'ndjson') return given
  if (/\.csv$/i.test(file)) return 'csv'
  if (/\.(ndjson|jsonl)$/i.test(file)) return 'ndjson'
  throw usageError('Is it CSV or NDJSON? Give --input csv or --input ndjson.')
}

export function rowsOf(file: string, format: InputFormat): AsyncGenerator<NumberedRow> {
  const input = file === '-' ? process.stdin : createReadStream(file)
  return format === 'csv' ? csvRows(input) : jsonRows(input)
}

async function* jsonRows(input: Readable): AsyncGenerator<NumberedRow> {
  let [number, line] = [0, 0]
  for await (const text of linesOf(input)) {
    line++
    if (text.trim() === '') continue
    if (number === 0 && text.trimStart().startsWith('[')) {
      throw usageError(
        "It is one JSON array, and NDJSON is an object a line: jq -c '.[]' makes it.",
      )
    }
    number++
    yield { number, line, ...jsonRow(text) }
  }
}

/** Not those of node:readline, whose iteration does not learn of an error of its input. */
async function* linesOf(input: Readable): AsyncGenerator<string> {
  let rest = ''
  let isFirst = true
  for await (const chunk of input.setEncoding('utf8') as AsyncIterable<string>) {
    const lines = (isFirst ? chunk.replace(/^\ufeff/, '') : rest + chunk).split('\n')
    isFirst = false
    rest = lines.pop() ?? ''
    if (rest.length > maxLine) throw usageError('A line is longer than any key: is it NDJSON?')
    yield* lines
  }
  yield rest
}

function jsonRow(text: string): { row: Row } | { unreadable: string } {
  try {
    const row: unknown = JSON.parse(text)
    const isObject = typeof row === 'object' && row !== null && !Array.isArray(row)
    return isObject ? { row: row as Row } : { unreadable: 'Not an object' }
  } catch {
    return { unreadable: 'Not valid JSON' }
  }
}

async function* csvRows(input: Readable): AsyncGenerator<NumberedRow> {
  const skipped: { line: number }[] = []
  const parser = parse({
    ...{ bom: true, columns: true, info: true, skip_empty_lines: true, trim: false },
    skip_records_with_error: true,
    on_skip: (error) => void skipped.push({ line: Number(error?.lines ?? 0) }),
    max_record_size: maxLine,
  })
  input.once('error', (error) => parser.destroy(error))
  let number = 0
  // The parser reads ahead: what it skipped may come after the next row.
  const unreadable = function* (before: number): Generator<NumberedRow> {
    while (skipped[0] !== undefined && skipped[0].line < before) {
      const line = skipped.shift()?.line ?? 0
      const reason = 'Not a row of CSV with as many fields as the first'
      yield { number: ++number, line, unreadable: reason }
    }
  }
  for await (const { record, info } of input.pipe(parser) as AsyncIterable<Parsed>) {
    yield* unreadable(info.lines)
    yield { number: ++number, line: info.lines, row: record }
  }
  yield* unreadable(Number.POSITIVE_INFINITY)
}

type Parsed = { record: Row; info: { lines: number } }
