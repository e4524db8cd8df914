// Limits what an isolate evaluates before its first request: code that few requests need is loaded by `import()`.
import { split, sum } from '../bench/support/split.ts'

const maxBytes = 45_000

const { eager, lazy } = await split('src/index.ts', 'startup-size')
const bytes = sum(eager)
console.log(
  `Evaluated at start: ${bytes} bytes compressed of at most ${maxBytes}; later: ${sum(lazy)}.`,
)
if (bytes > maxBytes || sum(lazy) === 0) process.exit(1)
