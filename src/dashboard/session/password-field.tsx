import { Input } from '@cloudflare/kumo/components/input'
import type { ApiProblem } from '../api/problem.ts'
import { errorOf } from '../ui/error-prop.ts'

const shortest = 10
const longest = 128

type Props = { problem: ApiProblem | null; label?: string }

/** A password that is being chosen. */
export function PasswordField({ problem, label = 'Password' }: Props) {
  return (
    <Input
      label={label}
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
