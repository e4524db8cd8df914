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

type CurrentProps = {
  label?: string
  name?: string
  error?: string | undefined
  autoFocus?: boolean
  isDisabled?: boolean
}

/** Of who has one already. */
export function CurrentPasswordField({
  label = 'Password',
  name = 'password',
  error,
  autoFocus,
  isDisabled,
}: CurrentProps) {
  return (
    <TextInput
      label={label}
      name={name}
      type="password"
      autoComplete="current-password"
      required
      autoFocus={autoFocus}
      disabled={isDisabled}
      error={error}
    />
  )
}
