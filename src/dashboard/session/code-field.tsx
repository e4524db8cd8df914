// Fields for the codes of second factors. What is pasted may have spaces.
import { TextInput } from '../ui/text-input.tsx'

export const wrongCode = 'The code is wrong, or was used before.'

type Props = { error: string | undefined; isPending: boolean }

const common = {
  name: 'code',
  required: true,
  autoFocus: true,
  spellCheck: false,
  autoCapitalize: 'off',
  className: 'font-mono',
} as const

export function CodeField({ error, isPending }: Props) {
  return (
    <TextInput
      {...common}
      label="Code"
      inputMode="numeric"
      autoComplete="one-time-code"
      placeholder="123456"
      maxLength={20}
      disabled={isPending}
      error={error}
    />
  )
}

export function RecoveryCodeField({ error, isPending }: Props) {
  return (
    <TextInput
      {...common}
      label="Recovery code"
      autoComplete="off"
      description="Each works once."
      maxLength={40}
      disabled={isPending}
      error={error}
    />
  )
}
