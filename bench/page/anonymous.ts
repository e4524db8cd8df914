// The section on requests without a good credential.
import { freed, prices } from '../../test/support/every-route/anonymous-prices.ts'
import { rowsOf } from './format.ts'

export function anonymousSection(): string[] {
  const rows = [
    ...freed.map(({ what, before, why }) => [what, String(before), '0', why]),
    ...Object.entries(prices).map(([name, { before, now, why }]) => {
      return [`\`${name}\``, String(before), String(now), why]
    }),
    ['every other route', '0', '0', 'format, tag or signature refuse first'],
  ]
  return [
    '## D1 statements of an anonymous request',
    'The most that one request costs: without a credential, or with a malformed key, a forged tag, JWT, session or Basic, long headers or the largest body. `test/worker/anonymous-budget.test.ts` sends each of them to every route of an isolate that has answered people before. "Before" is commit 6104f2d.',
    rowsOf(['', 'before', 'now', 'why'], rows),
    'While the flood limit refuses the sender, every route costs 0. A guess that its count refuses costs two statements and writes no row; before, each refusal wrote a row.',
  ]
}
