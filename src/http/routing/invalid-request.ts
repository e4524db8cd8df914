// The issues that zod finds in a request, as the fields of a problem.
import type { FieldError } from '../../contract/problems.ts'
import { quote } from '../../core/text.ts'
import { invalidFields, maxErrors, type Problem } from '../response/problem.ts'

export function invalidRequest({ issues }: { issues: Issue[] }, target: string): Problem {
  return invalidFields(issues.flatMap((issue) => fieldErrors(issue, target)))
}

type Issue = {
  code: string
  path: PropertyKey[]
  message: string
  keys?: string[]
  /** Of a union: the issues of each alternative. */
  errors?: Issue[][]
}

export function fieldErrors(issue: Issue, target: string): FieldError[] {
  const place = issue.path.map(String)
  const path = [...(target === 'json' ? [] : [target]), ...place].map(quote).join('.')
  // zod names the object that holds unknown fields; clients need the fields.
  if (issue.code === 'unrecognized_keys' && issue.keys) {
    const prefix = path === '' ? '' : `${path}.`
    const message = target === 'query' ? 'There is no such parameter' : 'There is no such field'
    return issue.keys
      .slice(0, maxErrors)
      .map((key) => ({ path: `${prefix}${quote(key)}`, message }))
  }
  // The alternative of the right type: what is wrong is within it, or its length.
  const meant = issue.errors?.find((kind) =>
    kind.every(({ path, code }) => path.length > 0 || code === 'too_big'),
  )
  if (meant === undefined) return [{ path, message: issue.message }]
  return meant.flatMap((inner) =>
    fieldErrors({ ...inner, path: [...issue.path, ...inner.path] }, target),
  )
}
