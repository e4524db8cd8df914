import { Input, type InputProps } from '@cloudflare/kumo/components/input'
import { errorProp } from './error-prop.ts'

type Props = Omit<InputProps, 'error'> & { error?: string | undefined }

export function TextInput({ error, ...props }: Props) {
  return <Input {...props} {...errorProp(error)} />
}

export function NumberInput(props: Props) {
  return <TextInput inputMode="numeric" autoComplete="off" passwordManagerIgnore {...props} />
}
