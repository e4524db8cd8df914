// docs/integrate/conformance.md: the table of a whole run. `CONFORMANCE=write` writes what this run found.
import { deepEqual, equal, ok } from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { it } from 'node:test'
import { root } from '../../support/system/launch.ts'
import { cases } from './conformance.ts'
import { servers } from './pages.ts'
import { columns, table } from './table.ts'

const path = join(root, 'docs', 'integrate', 'conformance.md')
const marked = /(<!-- conformance:table -->\n)(.*?)(<!-- \/conformance -->)/s

const read = () => readFileSync(path, 'utf8')
const rows = () => (marked.exec(read())?.[2] ?? '').trim().split('\n')
const frameworks = Object.values(servers).flatMap((each) => Object.keys(each))

export function testConformancePage(): void {
  const missing = () => frameworks.filter((each) => !columns.some((c) => c.framework === each))

  it('is what this run found', (t) => {
    const without = missing()
    // In CI every column is run.
    if (without.length > 0 && process.env.CI !== 'true') return t.skip(`without ${without}`)
    const found = `${table().join('\n')}\n`
    if (process.env.CONFORMANCE === 'write') {
      writeFileSync(
        path,
        read().replace(marked, (_, start, __, end) => start + found + end),
      )
    }
    equal(`${rows().join('\n')}\n`, found, 'CONFORMANCE=write writes the table')
  })

  it('has a row for each case and a column for each framework and language', () => {
    const cells = rows().map((row) => row.slice(2, -2).split(' | '))
    const [head = [], , ...body] = cells
    deepEqual(head.slice(1).sort(), frameworks.toSorted())
    deepEqual(
      body.slice(0, -1).map(([first]) => first),
      cases.map(({ name, expect }) => `${name} (${expect.status})`),
    )
    for (const [first, ...results] of body.slice(0, -1)) {
      ok(results.length === frameworks.length && results.every((each) => each === 'ok'), first)
    }
  })
}
