// The Worker is bundled with `src/http/zod/index.ts` in the place of zod: an update of zod must not add what it lacks.
import { expect, it } from 'vitest'
import * as zod from 'zod'
import * as bundled from '../../src/http/zod/index.ts'

/** Left out on purpose; and the compiler, which needs `eval`, as Workers have none. */
const absent = ['core', 'locales', 'compile', 'withParser']
const compilerErrors = /^ZodCompile/

it('the zod of the bundle has every export that Latchkey and its libraries may use', () => {
  const names = Object.keys(zod).filter(
    (name) => !absent.includes(name) && !compilerErrors.test(name),
  )
  expect(Object.keys(bundled).toSorted()).toEqual(names.toSorted())
  expect(Object.keys(bundled.z).toSorted()).toEqual(
    names.filter((name) => name !== 'z' && name !== 'default').toSorted(),
  )
})
