// Limits what an isolate evaluates before its first request: code that few requests need is loaded by `import()`.
import { split, sum } from '../bench/support/split.ts'

const maxBytes = 45_000

// Whoever configures more scopes and routes has a green check too.
const config = 'bench/support/least-config.ts'
const { eager, lazy } = await split('src/index.ts', 'startup-size', config)
const bytes = sum(eager)
console.log(
  `Evaluated at start: ${bytes} bytes compressed of at most ${maxBytes}; later: ${sum(lazy)}.`,
)
if (bytes > maxBytes || sum(lazy) === 0) {
  console.error(
    'Load by import() what few requests need: bench/.work/startup-size holds the modules.',
  )
  process.exit(1)
}
