// What the dashboard says of failures.
import { expect, it } from 'vitest'
import { z } from 'zod'
import { problems } from '../../src/contract/problems.ts'
import { messageText } from '../../src/dashboard/api/message-text.ts'
import { ApiProblem } from '../../src/dashboard/api/problem.ts'
import { canHelpToRetry, fieldTexts, problemText } from '../../src/dashboard/api/problem-text.ts'

it('every code has a title for people, and a next step or the detail of the case', () => {
  for (const [code, [, title]] of Object.entries(problems)) {
    const text = problemText({ code, title })
    expect(text.title, code).not.toMatch(/token|credential|JWT|Idempotency|payload|query|\bbody\b/i)
    expect(text.next !== '' || text.hasDetail || code === 'invalid_request', code).toBe(true)
  }
  expect(problemText({ code: 'of_later', title: 'New' })).toMatchObject({ title: 'New' })
  expect(problemText({ code: 'constructor', title: 'New' })).toMatchObject({ title: 'New' })
})

it('fields are named as the forms name them, and the validator’s own messages are replaced', () => {
  const schema = z.object({
    name: z.string().max(80),
    overlap_seconds: z.number().min(1),
    scopes: z.array(z.string()),
    role: z.enum(['owner', 'member']),
  })
  const parsed = schema.safeParse({
    name: 'x'.repeat(81),
    overlap_seconds: 0,
    scopes: ['a', 1],
    role: 'none',
  })
  const errors = parsed.error?.issues.map(({ path, message }) => ({
    path: path.join('.'),
    message,
  }))
  expect(fieldTexts(errors ?? [])).toEqual([
    'Name: At most 80 characters',
    'Overlap: At least 1',
    'Scopes, entry 2: Not a possible value',
    'Role: Not a possible value',
  ])
  expect(messageText('Not an IP address or CIDR block')).toBe('Not an IP address or CIDR block')
})

it('an edited field takes its own error away, and the last one the problem', () => {
  const problem = new ApiProblem({
    title: 'Bad',
    detail: 'name: Bad; scopes.0: Bad',
    status: 400,
    code: 'invalid_request',
    requestId: null,
    errors: [
      { path: 'name', message: 'Bad' },
      { path: 'scopes.0', message: 'Bad' },
    ],
  })
  expect(problem.without('url')).toBe(problem)
  const left = problem.without('scopes')
  expect([left?.of('scopes'), left?.of('name'), left?.code]).toEqual([
    undefined,
    'Bad',
    'invalid_request',
  ])
  expect(left?.without('name')).toBeNull()
})

it('only what can have another answer is offered again', () => {
  const statuses = [0, 400, 403, 404, 409, 429, 500, 503]
  expect(statuses.filter((status) => canHelpToRetry({ status }))).toEqual([0, 429, 500, 503])
})
