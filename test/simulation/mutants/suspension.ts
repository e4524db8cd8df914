// Mistakes with suspended accounts: in the record, in the order of refusals, in what raises, and in the answer.
import { type Mutant, patch } from './mutant.ts'

const record = 'src/core/record.ts'
const verdict = 'src/core/verdict.ts'

export const suspensionMutants: Mutant[] = [
  {
    name: 'a record in KV without suspension',
    patches: [
      { file: record, find: 'disabled: 1, suspended: 1,', put: 'disabled: 1,' },
      {
        file: record,
        find: 'JSON.stringify({ v: version, at, record })',
        put: 'JSON.stringify({ v: version, at, record: { ...record, suspended: undefined } })',
      },
    ],
  },
  { name: 'a reader that overlooks the suspension of the account', mistake: 'suspension-not-read' },
  {
    name: 'suspension overlooked in a verdict',
    ...patch(verdict, "record.suspended ? { code: 'account_suspended', record } : null", 'null'),
  },
  {
    name: 'suspension judged last',
    ...patch(
      verdict,
      'readonly Check[] = Object.values(checks)',
      'readonly Check[] = [...Object.values(checks).filter((check) => check !== checks.suspended), checks.suspended]',
    ),
  },
  {
    name: 'suspension judged first',
    ...patch(
      verdict,
      'readonly Check[] = Object.values(checks)',
      'readonly Check[] = [checks.suspended, ...Object.values(checks)]',
    ),
  },
  { name: 'a suspension that raises nothing', mistake: 'suspension-without-raise' },
  { name: 'a suspension that raises one of the keys', mistake: 'suspension-raises-one-key' },
  { name: 'a suspension answered before its raises', mistake: 'suspension-unsettled' },
  { name: 'a resumption answered before its raises', mistake: 'resumption-unsettled' },
]
