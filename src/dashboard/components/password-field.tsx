import { Input } from '@cloudflare/kumo/components/input'
import type { ApiProblem } from '../api/problem.ts'
import { errorOf } from './error-of.ts'

const shortest = 10
const longest = 128

/** A password that is being chosen. */
export function PasswordField({ problem }: { problem: ApiProblem | null }) {
  return (
    <Input
      label="Password"
      name="password"
      type="password"
      autoComplete="new-password"
      description={`At least ${shortest} characters.`}
      minLength={shortest}
      maxLength={longest}
      required
      {...errorOf(problem?.of('password'))}
    />
  )
}
