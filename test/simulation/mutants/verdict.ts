// Mistakes in what a verdict says of environments, resources and wildcards.
import { type Mutant, patch } from './mutant.ts'

const verdict = 'src/core/verdict.ts'
const matcher = 'src/core/scope-matcher.ts'
const environment = 'src/core/environment.ts'

export const verdictMutants: Mutant[] = [
  {
    name: 'a key of any environment admitted',
    ...patch(
      verdict,
      'if (environments === null || environments.includes',
      'if (environments?.length !== 0 || environments.includes',
    ),
  },
  {
    name: 'every format taken for live',
    ...patch(
      environment,
      'return format.environment ?? defaultEnvironment',
      'return defaultEnvironment',
    ),
  },
  {
    name: 'the environment judged first',
    ...patch(
      verdict,
      'readonly Check[] = Object.values(checks)',
      'readonly Check[] = [checks.environment, ...Object.values(checks)]',
    ),
  },
  {
    name: 'a resource of one taken for another',
    ...patch(matcher, '|| held.resources.includes(need)', '|| held.resources.length > 0'),
  },
  {
    name: 'a resource listed as the whole scope',
    ...patch(
      matcher,
      "if (held.kind === 'resource') return []",
      "if (held.kind === 'resource') return [held.scope]",
    ),
  },
  {
    name: 'a whole scope that lacks its resources',
    ...patch(matcher, 'return held.scopes.includes(parsed.scope) || held', 'return held'),
  },
  {
    name: 'a wildcard that covers nothing',
    ...patch(matcher, 'return scope.startsWith(prefix) &&', 'return scope === prefix &&'),
  },
  {
    name: 'all of any-of needed',
    ...patch(
      matcher,
      'return anyOf.some((need) => holds(held, need, catalogue))',
      'return anyOf.every((need) => holds(held, need, catalogue))',
    ),
  },
]
