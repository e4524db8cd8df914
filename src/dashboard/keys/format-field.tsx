import { Select } from '@cloudflare/kumo/components/select'
import { useQuery } from '@tanstack/react-query'
import { type Format, formatsQuery } from './api.ts'
import type { FieldProps } from './field-props.ts'

export function FormatField({ draft, set }: FieldProps) {
  const { data: formats = [] } = useQuery(formatsQuery)
  if (formats.length < 2) return null
  const defaultName = formats.find((format) => format.default)?.format ?? ''
  const selected = formats.find(({ format }) => format === (draft.format || defaultName))
  return (
    <Select
      label="Token format"
      className="w-full max-w-sm"
      value={selected?.format ?? defaultName}
      onValueChange={(next) => set({ format: next ?? '' })}
      items={Object.fromEntries(formats.map((format) => [format.format, describe(format)]))}
      {...(selected && { description: `Example: ${exampleOf(selected)}` })}
    />
  )
}

function describe({ prefix, length, alphabet }: Format): string {
  return `${prefix} and ${length} ${alphabet === 'hex' ? 'hexadecimal digits' : 'letters and digits'}`
}

function exampleOf({ prefix, alphabet }: Format): string {
  return `${prefix}${alphabet === 'hex' ? '3f9a0c7e…' : '7Kq2ZbXv…'}`
}
