import type { ApiProblem } from '../api/problem.ts'
import { TextInput } from '../ui/text-input.tsx'

const minLength = 10
const maxLength = 128

type Props = {
  problem: ApiProblem | null
  label?: string
  /** Readable. */
  isShown?: boolean
  autoFocus?: boolean
}

export function NewPasswordField({ problem, label = 'Password', isShown, autoFocus }: Props) {
  return (
    <TextInput
      label={label}
      name="password"
      type={isShown ? 'text' : 'password'}
      autoComplete="new-password"
      description={`At least ${minLength} characters.`}
      minLength={minLength}
      maxLength={maxLength}
      required
      autoFocus={autoFocus}
      error={problem?.of('password')}
    />
  )
}
