// The headers that every response must have, for every caller and outcome.
import { expect } from 'vitest'

export function expectHardened({ headers, status }: { headers: Headers; status: number }): void {
  const found = (name: string) => headers.get(name) ?? 'absent'
  expect(found('x-content-type-options')).toBe('nosniff')
  expect(found('content-security-policy')).toMatch(
    /^default-src 'none';.*base-uri 'none';.*frame-ancestors 'none'/,
  )
  expect(found('content-security-policy')).not.toMatch(/unsafe|\*|https?:|data:/)
  expect(found('x-request-id')).toMatch(/^[0-9a-f-]{36}$/)
  expect(found('cross-origin-resource-policy')).toMatch(/^(same|cross)-origin$/)
  if (!/^absent$|^application\/(problem\+)?json\b/.test(found('content-type'))) {
    expect(found('cross-origin-opener-policy')).toBe('same-origin')
    expect(found('permissions-policy')).toContain('camera=()')
    expect(found('referrer-policy')).toBe('no-referrer')
    expect(found('x-frame-options')).toBe('DENY')
  }
  if (status >= 400) expect(found('cache-control')).toBe('no-store')
}
