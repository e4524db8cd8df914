import { Select } from '@cloudflare/kumo/components/select'
import { useQuery } from '@tanstack/react-query'
import { type Format, formatsQuery } from '../api/queries.ts'
import type { FieldProps } from './key-form.tsx'

export function FormatField({ draft, set }: FieldProps) {
  const { data: formats = [] } = useQuery(formatsQuery)
  if (formats.length < 2) return null
  const standard = formats.find((format) => format.default)?.format ?? ''
  const chosen = formats.find(({ format }) => format === (draft.format || standard))
  return (
    <Select
      label="Token format"
      className="w-full max-w-sm"
      value={chosen?.format ?? standard}
      onValueChange={(next) => set({ format: next ?? '' })}
      items={Object.fromEntries(formats.map((format) => [format.format, nameOf(format)]))}
      {...(chosen && { description: `Looks like ${exampleOf(chosen)}` })}
    />
  )
}

function nameOf({ prefix, length, alphabet }: Format): string {
  return `${prefix} and ${length} ${alphabet === 'hex' ? 'hexadecimal digits' : 'letters and digits'}`
}

function exampleOf({ prefix, alphabet }: Format): string {
  return `${prefix}${alphabet === 'hex' ? '3f9a0c7e…' : '7Kq2ZbXv…'}`
}
