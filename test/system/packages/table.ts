// The conformance table: a row a case, a column a framework or language.
import { AssertionError } from 'node:assert'
import { cases, checkCase, type Real } from './conformance.ts'

/** null: answered as the case says. */
export type Column = { framework: string; failures: (string | null)[] }

/** Of this run. */
export const columns: Column[] = []

/** Checks every case and keeps the result. @throws AssertionError with all that failed. */
export async function checkColumn(framework: string, base: string, real: Real): Promise<void> {
  const results = await Promise.allSettled(cases.map((_, at) => checkCase(base, at, real)))
  const failures = results.map((each) => (each.status === 'rejected' ? `${each.reason}` : null))
  columns.push({ framework, failures })
  const failed = failures.filter((failure) => failure !== null)
  if (failed.length > 0) throw new AssertionError({ message: failed.join('\n') })
}

export function table(): string[] {
  const sorted = columns.toSorted((a, b) => a.framework.localeCompare(b.framework))
  const row = (first: string, cells: string[]) => `| ${[first, ...cells].join(' | ')} |`
  const passed = ({ failures }: Column) => failures.filter((failure) => failure === null).length
  return [
    row(
      'case (status)',
      sorted.map(({ framework }) => framework),
    ),
    row(
      '---',
      sorted.map(() => '---'),
    ),
    ...cases.map(({ name, expect }, at) =>
      row(
        `${name} (${expect.status})`,
        sorted.map(({ failures }) => (failures[at] === null ? 'ok' : 'FAILED')),
      ),
    ),
    row(
      'passed',
      sorted.map((column) => `${passed(column)} of ${cases.length}`),
    ),
  ]
}
