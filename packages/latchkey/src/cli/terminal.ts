// The terminal: results go to standard output, everything said to a person to standard error.
import { cleanLines, safeJson } from './text.ts'

export function print(text: string): void {
  process.stdout.write(`${text}\n`)
}

export function say(text: string): void {
  process.stderr.write(`${cleanLines(text)}\n`)
}

export function printJson(value: unknown): void {
  print(safeJson(value, 2))
}

/** One of many documents: a line of NDJSON. */
export function printJsonLine(value: unknown): void {
  print(safeJson(value))
}

/** Whether somebody can be asked. Prompts are on standard error, so that standard output can be a file. */
export function canAsk(): boolean {
  return process.stdin.isTTY === true && process.stderr.isTTY === true
}

/** Whether what is printed is seen by a person alone, and goes into no file and no log. */
export function isShown(): boolean {
  return process.stdout.isTTY === true
}

const colours = { red: 31, green: 32, yellow: 33, dim: 2, bold: 1 } as const

/** Coloured on a terminal, unless NO_COLOR is set (no-color.org). */
export function colour(name: keyof typeof colours, text: string): string {
  const { NO_COLOR, TERM } = process.env
  const isPlain = !isShown() || (NO_COLOR !== undefined && NO_COLOR !== '') || TERM === 'dumb'
  return isPlain ? text : `\u001b[${colours[name]}m${text}\u001b[0m`
}
