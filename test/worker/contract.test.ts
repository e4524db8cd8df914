// src/contract against the zod schemas that describe and check the same on the wire, both ways: a field that
// one of them gains, loses or renames fails `tsc -b`. Also the results of the functions of src/contract.
import type { z } from '@hono/zod-openapi'
import { describe, expect, expectTypeOf, it } from 'vitest'
import { rateLimitHeaders } from '../../src/contract/limit-headers.ts'
import type { FieldError, ProblemBody } from '../../src/contract/problems.ts'
import { bearerChallenge } from '../../src/contract/refusals.ts'
import type {
  BindingVerifyRequest,
  RateLimitStatus,
  VerifyAnswer,
  VerifyRequest,
} from '../../src/contract/verify.ts'
import type { problemSchema } from '../../src/http/routing/responses.ts'
import type { requestSchema, verifyAnswer } from '../../src/http/verify/verify.ts'
import type Latchkey from '../../src/index.ts'

/** Flattens an intersection and makes arrays mutable, so that types compare by their fields. */
type Plain<T> = T extends readonly (infer Item)[]
  ? Plain<Item>[]
  : T extends object
    ? { [Name in keyof T]: Plain<T[Name]> }
    : T

describe('the types of the contract', () => {
  it('match the schemas of keys/verify', () => {
    type Request = z.input<ReturnType<typeof requestSchema>>
    expectTypeOf<Plain<Request>>().toEqualTypeOf<Plain<VerifyRequest>>()
    expectTypeOf<Plain<z.input<typeof verifyAnswer>>>().toEqualTypeOf<Plain<VerifyAnswer>>()
    expectTypeOf<Plain<z.output<typeof verifyAnswer>>>().toEqualTypeOf<Plain<VerifyAnswer>>()
  })

  it('match the schema of problems', () => {
    expectTypeOf<z.infer<typeof problemSchema>>().toEqualTypeOf<ProblemBody>()
    type Errors = NonNullable<z.infer<typeof problemSchema>['errors']>
    expectTypeOf<Errors>().toEqualTypeOf<FieldError[]>()
  })

  it('match the service binding', () => {
    type Verify = Latchkey['verify']
    expectTypeOf<Parameters<Verify>>().toEqualTypeOf<[BindingVerifyRequest]>()
    expectTypeOf<Awaited<ReturnType<Verify>>>().toEqualTypeOf<VerifyAnswer>()
  })
})

describe('the headers of rate limits', () => {
  const second: RateLimitStatus = {
    name: 'second',
    limit: 10,
    window_seconds: 1,
    remaining: 0,
    reset_seconds: 1,
  }
  const month: RateLimitStatus = {
    name: 'month',
    limit: 1_000,
    window_seconds: 31 * 86_400,
    remaining: 2,
    reset_seconds: 2_679,
  }

  it('name every window, in order', () => {
    expect(rateLimitHeaders([second, month], null)).toEqual([
      ['RateLimit-Policy', '"second";q=10;w=1, "month";q=1000;w=2678400'],
      ['RateLimit', '"second";r=0;t=1, "month";r=2;t=2679'],
    ])
  })

  it('leave out of RateLimit the windows whose reset is later than Retry-After', () => {
    expect(rateLimitHeaders([second, month], 1)).toEqual([
      ['RateLimit-Policy', '"second";q=10;w=1, "month";q=1000;w=2678400'],
      ['RateLimit', '"second";r=0;t=1'],
    ])
    expect(rateLimitHeaders([month], 1)).toEqual([['RateLimit-Policy', '"month";q=1000;w=2678400']])
  })

  it('are absent for a key without windows', () => {
    expect(rateLimitHeaders([], null)).toEqual([])
  })
})

describe('WWW-Authenticate', () => {
  it('has no error code where nothing was presented (RFC 6750 3)', () => {
    expect(bearerChallenge()).toBe('Bearer realm="latchkey"')
  })

  it('names the error and the scopes that are missing', () => {
    expect(bearerChallenge('insufficient_scope', ['contacts:read', 'contacts:write'])).toBe(
      'Bearer realm="latchkey", error="insufficient_scope", scope="contacts:read contacts:write"',
    )
  })
})
