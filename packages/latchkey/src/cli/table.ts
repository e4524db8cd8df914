// Tables that fit the terminal: wide columns wrap, and where there is no room for columns each row is a record.
import width from 'fast-string-width'
import { wrapAnsi } from 'fast-wrap-ansi'
import { colour, print } from './terminal.ts'
import { clean } from './text.ts'

export type Column<Row> = {
  title: string
  of: (row: Row) => string | number | null | undefined
  /** Never wrapped: an id, which is copied. */
  isWhole?: boolean
  colour?: (row: Row) => Parameters<typeof colour>[0] | null
}

const gap = 2
const narrowest = 8

/** Prints rows as they come, the first ones with the titles; the widths stay those of the first. */
export function tableOf<Row>(columns: readonly Column<Row>[]): (rows: readonly Row[]) => void {
  let widths: number[] | null | undefined
  return (rows) => {
    if (rows.length === 0) return
    const cells = rows.map((row) => columns.map((column) => textOf(column.of(row))))
    const isFirst = widths === undefined
    if (widths === undefined) widths = fit(columns, cells, process.stdout.columns)
    if (widths === null) return printRecords(columns, rows, cells, isFirst)
    const titles = columns.map(({ title }) => title.toUpperCase())
    if (isFirst) printRow(titles, widths, () => 'dim')
    for (const [at, row] of rows.entries()) {
      printRow(cells[at] ?? [], widths, (column) => columns[column]?.colour?.(row) ?? null)
    }
  }
}

function textOf(value: string | number | null | undefined): string {
  return value === null || value === undefined || value === '' ? '-' : clean(String(value))
}

/** The width of each column; null where they do not fit. */
function fit<Row>(
  columns: readonly Column<Row>[],
  cells: readonly string[][],
  room = Number.POSITIVE_INFINITY,
): number[] | null {
  const longest = columns.map(({ title }, at) =>
    Math.max(width(title), ...cells.map((row) => width(row[at] ?? ''))),
  )
  const least = columns.map(({ isWhole }, at) =>
    isWhole ? (longest[at] ?? 0) : Math.min(narrowest, longest[at] ?? 0),
  )
  const free = room - gap * (columns.length - 1)
  if (sum(least) > free) return null
  const widths = [...longest]
  while (sum(widths) > free) {
    const spare = widths.map((each, at) => each - (least[at] ?? 0))
    const widest = spare.indexOf(Math.max(...spare))
    widths[widest] = (widths[widest] ?? 0) - 1
  }
  return widths
}

function printRow(
  cells: readonly string[],
  widths: readonly number[],
  colourOf: (column: number) => Parameters<typeof colour>[0] | null,
): void {
  const wrapped = cells.map((cell, at) =>
    wrapAnsi(cell, widths[at] ?? narrowest, { hard: true }).split('\n'),
  )
  const height = Math.max(...wrapped.map((lines) => lines.length))
  for (let line = 0; line < height; line++) {
    const parts = wrapped.map((lines, at) => {
      const text = lines[line] ?? ''
      const padding = ' '.repeat(Math.max(0, (widths[at] ?? 0) - width(text)))
      const name = colourOf(at)
      return (name === null ? text : colour(name, text)) + padding
    })
    print(parts.join(' '.repeat(gap)).trimEnd())
  }
}

function printRecords<Row>(
  columns: readonly Column<Row>[],
  rows: readonly Row[],
  cells: readonly string[][],
  isFirst: boolean,
): void {
  for (const at of rows.keys()) {
    if (at > 0 || !isFirst) print('')
    printDetails(columns.map(({ title }, column) => [title, cells[at]?.[column]]))
  }
}

/** One thing: a line for each of its fields. */
export function printDetails(
  pairs: readonly (readonly [string, string | number | null | undefined])[],
): void {
  const longest = Math.max(...pairs.map(([title]) => width(title)))
  for (const [title, value] of pairs) {
    print(`${colour('dim', `${title}:`.padEnd(longest + 1))} ${textOf(value)}`)
  }
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((all, each) => all + each, 0)
}
