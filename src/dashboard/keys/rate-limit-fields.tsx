// The rate limits of a key, one row each.
import { Button } from '@cloudflare/kumo/components/button'
import { Select } from '@cloudflare/kumo/components/select'
import { PlusIcon, TrashIcon } from '@phosphor-icons/react'
import type { Unit } from '../ui/seconds.ts'
import { NumberInput, TextInput } from '../ui/text-input.tsx'
import type { LimitFieldProps } from './field-props.ts'
import { type LimitDraft, maxWindows, newWindow, type WindowDraft } from './limit-draft.ts'

export const unitNames = { second: 'seconds', minute: 'minutes', hour: 'hours', day: 'days' }

const modeNames = { exact: 'Exact', fast: 'Fast: may let a few more pass' }

type Props = Omit<LimitFieldProps, 'limits' | 'setLimits'> & {
  limits: Pick<LimitDraft, 'windows'>
  setLimits: (part: Pick<LimitDraft, 'windows'>) => void
  legend?: string
  description?: string
  /** Of one row, before its number. */
  rowName?: string
}

export function RateLimitFields({
  limits: { windows },
  setLimits,
  error,
  legend = 'Rate limits',
  description = 'A request must be within every rate limit. Without one, the rate is unlimited.',
  rowName = 'Limit',
}: Props) {
  const change = (id: string, part: Partial<WindowDraft>) =>
    setLimits({ windows: windows.map((row) => (row.id === id ? { ...row, ...part } : row)) })
  const remove = (id: string) => setLimits({ windows: windows.filter((row) => row.id !== id) })
  return (
    <fieldset className="flex min-w-0 flex-col items-start gap-3">
      <legend className="text-base font-medium text-kumo-default">{legend}</legend>
      <p className="text-sm text-kumo-subtle">{description}</p>
      {windows.map((row, index) => (
        <WindowRow
          key={row.id}
          row={row}
          name={`${rowName} ${index + 1}`}
          onChange={(part) => change(row.id, part)}
          onRemove={() => remove(row.id)}
        />
      ))}
      {error && (
        <p role="alert" className="text-sm text-kumo-danger">
          {error}
        </p>
      )}
      {windows.length < maxWindows && (
        <Button
          size="sm"
          icon={PlusIcon}
          onClick={() => setLimits({ windows: [...windows, newWindow()] })}
        >
          Add rate limit
        </Button>
      )}
    </fieldset>
  )
}

type RowProps = {
  row: WindowDraft
  name: string
  onChange: (part: Partial<WindowDraft>) => void
  onRemove: () => void
}

function WindowRow({ row, name, onChange, onRemove }: RowProps) {
  return (
    <div className="flex flex-wrap items-center gap-2 text-base">
      <NumberInput
        aria-label={`${name}: requests`}
        className="w-24"
        value={row.limit}
        onValueChange={(limit) => onChange({ limit })}
      />
      <span>requests per</span>
      <NumberInput
        aria-label={`${name}: length`}
        className="w-16"
        value={row.count}
        onValueChange={(count) => onChange({ count })}
      />
      <Select
        aria-label={`${name}: unit`}
        className="w-28"
        value={row.unit}
        onValueChange={(unit) => onChange({ unit: (unit ?? 'minute') as Unit })}
        items={unitNames}
      />
      <Select
        aria-label={`${name}: mode`}
        className="w-60"
        value={row.mode}
        onValueChange={(mode) => onChange({ mode: mode ?? 'exact' })}
        items={modeNames}
      />
      <TextInput
        aria-label={`${name}: name`}
        className="w-32"
        placeholder="Name (optional)"
        maxLength={40}
        value={row.name}
        onValueChange={(text) => onChange({ name: text })}
        passwordManagerIgnore
      />
      <Button
        variant="ghost"
        shape="square"
        icon={TrashIcon}
        aria-label={`Remove ${name.toLowerCase()}`}
        onClick={onRemove}
      />
    </div>
  )
}
