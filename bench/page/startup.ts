// The section on size and startup.

import { kilobytes, rowsOf, taken } from './format.ts'
import type { StartupResults } from './results.ts'

export function startupSection({
  machine,
  runs,
  upload,
  bytes,
  starts,
  lazy,
}: StartupResults): string[] {
  const lazyBytes = Object.values(bytes.lazy).reduce((sum, size) => sum + size, 0)
  const limit = starts[0]?.firstMs ?? 1
  const [, besideUnused = limit, withoutUnused = limit] = starts.map(({ firstMs }) => firstMs)
  return [
    '## Size and startup',
    taken(
      'npx node bench/startup.ts',
      machine,
      `workerd only, without stores; medians of ${runs}.`,
    ),
    rowsOf(
      ['compressed size', ''],
      [
        ['a bare Hono Worker', kilobytes(bytes.bare)],
        ['code evaluated at startup', kilobytes(bytes.eager)],
        ['code loaded on demand', kilobytes(lazyBytes)],
        ['all that is deployed, by wrangler', upload.gzip],
      ],
    ),
    'Code evaluated at startup are the modules that the entry imports statically.',
    rowsOf(
      ['from the start of the process to the first answer', 'ms', 'relative to bare'],
      starts.map(({ name, firstMs }) => [name, firstMs.toFixed(1), (firstMs / limit).toFixed(2)]),
    ),
    `What stands in the way of more: workerd compiles every module of a Worker when it starts it, imported or not. ${kilobytes(lazyBytes)} of compressed code that no request has needed yet take ${(besideUnused - limit).toFixed(1)} ms, and all that Latchkey evaluates and does for its first answer takes ${(withoutUnused - limit).toFixed(1)} ms. In one file everything is evaluated, too.`,
    rowsOf(
      [
        'the first request of a kind in an isolate that has already answered',
        'ms',
        'later requests',
      ],
      lazy.map(({ name, ms, againMs }) => [name, ms.toFixed(1), againMs.toFixed(1)]),
    ),
  ]
}
