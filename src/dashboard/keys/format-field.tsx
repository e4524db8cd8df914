import { Select } from '@cloudflare/kumo/components/select'
import { useQuery } from '@tanstack/react-query'
import { type Format, formatsQuery } from './api.ts'
import { defaultEnvironment } from './environment.tsx'
import type { FieldProps } from './field-props.ts'

export function FormatField({ draft, set }: FieldProps) {
  const { data: formats = [] } = useQuery(formatsQuery)
  const hasSeveral = new Set(formats.map(({ environment }) => environment)).size > 1
  if (formats.length < 2) return null
  const defaultName = formats.find((format) => format.default)?.format ?? ''
  const selected = formats.find(({ format }) => format === (draft.format || defaultName))
  return (
    <Select
      label="Token format"
      className="w-full max-w-sm min-w-0"
      value={selected?.format ?? defaultName}
      onValueChange={(next) => set({ format: next ?? '' })}
      items={Object.fromEntries(
        formats.map((format) => [format.format, describe(format, hasSeveral)]),
      )}
      {...(selected && { description: hintOf(selected) })}
    />
  )
}

function describe({ prefix, length, alphabet, environment }: Format, hasSeveral: boolean): string {
  const letters = alphabet === 'hex' ? 'hexadecimal digits' : 'letters and digits'
  return `${hasSeveral ? `${environment}: ` : ''}${prefix} and ${length} ${letters}`
}

function hintOf({ prefix, alphabet, environment }: Format): string {
  const example = `Example: ${prefix}${alphabet === 'hex' ? '3f9a0c7e…' : '7Kq2ZbXv…'}`
  if (environment === defaultEnvironment) return example
  return `${example} Requests that need a ${defaultEnvironment} key refuse it.`
}
