// The rate limits of a key, a row each.
import { Button } from '@cloudflare/kumo/components/button'
import { Input } from '@cloudflare/kumo/components/input'
import { Select } from '@cloudflare/kumo/components/select'
import { PlusIcon, TrashIcon } from '@phosphor-icons/react'
import { maxWindows, newWindow, type Unit, type WindowDraft } from './limit-draft.ts'
import type { LimitProps } from './limit-fields.tsx'

const unitNames = { second: 'seconds', minute: 'minutes', hour: 'hours', day: 'days' }

export function WindowFields({ limits: { windows }, setLimits, error }: LimitProps) {
  const change = (id: string, part: Partial<WindowDraft>) =>
    setLimits({ windows: windows.map((row) => (row.id === id ? { ...row, ...part } : row)) })
  const remove = (id: string) => setLimits({ windows: windows.filter((row) => row.id !== id) })
  return (
    <fieldset className="flex min-w-0 flex-col items-start gap-3">
      <legend className="text-base font-medium text-kumo-default">Rate limits</legend>
      <p className="text-sm text-kumo-subtle">
        A request passes when every one of them has room. Without any, there is no limit.
      </p>
      {windows.map((row, at) => (
        <WindowRow
          key={row.id}
          row={row}
          name={`Limit ${at + 1}`}
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
          Add a rate limit
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
      <Input
        aria-label={`${name}: requests`}
        className="w-24"
        inputMode="numeric"
        value={row.limit}
        onChange={(event) => onChange({ limit: event.currentTarget.value })}
        passwordManagerIgnore
      />
      <span>requests in</span>
      <Input
        aria-label={`${name}: length`}
        className="w-16"
        inputMode="numeric"
        value={row.count}
        onChange={(event) => onChange({ count: event.currentTarget.value })}
        passwordManagerIgnore
      />
      <Select
        aria-label={`${name}: unit`}
        className="w-28"
        value={row.unit}
        onValueChange={(unit) => onChange({ unit: (unit ?? 'minute') as Unit })}
        items={unitNames}
      />
      <Input
        aria-label={`${name}: name`}
        className="w-32"
        placeholder="Name (optional)"
        maxLength={40}
        value={row.name}
        onChange={(event) => onChange({ name: event.currentTarget.value })}
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
