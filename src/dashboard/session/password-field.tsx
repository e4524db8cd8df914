import type { ApiProblem } from '../api/problem.ts'
import { TextInput } from '../ui/text-input.tsx'

const minLength = 10
const maxLength = 128

type Props = { problem: ApiProblem | null; label?: string }

export function NewPasswordField({ problem, label = 'Password' }: Props) {
  return (
    <TextInput
      label={label}
      name="password"
      type="password"
      autoComplete="new-password"
      description={`At least ${minLength} characters.`}
      minLength={minLength}
      maxLength={maxLength}
      required
      error={problem?.of('password')}
    />
  )
}
