// D1 statements of a request without a good credential: what test/worker/anonymous-budget.test.ts asserts and
// docs/performance.md shows. Pure data.

/** `before`: at commit 6104f2d, measured by the same test. */
export type Price = { before: number; now: number; why: string }

const guess = 'the count of the guess'

/** By route; the flood limit precedes each of them. Every other route costs nothing. */
export const prices: Record<string, Price> = {
  'POST /api/auth/sign-in/email': {
    ...{ before: 5, now: 4 },
    why: `${guess}, the user, the password, and behind the answer the audit trail`,
  },
  'POST /api/auth/request-password-reset': {
    ...{ before: 0, now: 2 },
    why: 'the count of the message, and when a refused one ends; with mail one batch in its place',
  },
  'POST /api/auth/confirm-address': { before: 0, now: 1, why: guess },
  'POST /api/auth/reset-password': { before: 0, now: 2, why: `${guess}, the link` },
  'POST /api/auth/sign-in/passkey': {
    before: 0,
    now: 1,
    why: 'the passkey, for an answer to a challenge of ours',
  },
  'GET /api/auth/jwks': { before: 1, now: 1, why: 'the answer is the keys that D1 has now' },
  'GET /api/invitations/{id}': { before: 1, now: 2, why: `${guess}, the invitation` },
  'POST /api/invitations/{id}/accept': { before: 2, now: 2, why: `${guess}, the invitation` },
  'POST /api/v1/portal/session': { before: 0, now: 1, why: guess },
  'POST /api/setup': { before: 0, now: 1, why: guess },
  'GET /api/operations/fences': { before: 0, now: 1, why: guess },
  'POST /api/operations/fences/reset': { before: 0, now: 1, why: guess },
}

/** What cost something before and costs nothing now. */
export const freed: { what: string; before: number; why: string }[] = [
  {
    what: 'a forged JWT, at each of 62 routes that take one',
    before: 1,
    why: 'the keys are in memory: read once a minute, and for an unknown `kid` once in 2 s',
  },
  {
    what: 'any POST of Better Auth but sign-in (14)',
    before: 2,
    why: 'its own limiter, which wrote a row, is off',
  },
  { what: '`GET /api/setup`', before: 1, why: 'the isolate remembers that there is an owner' },
]
