import { Select } from '@cloudflare/kumo/components/select'
import { useState } from 'react'
import { useSearchParams } from 'wouter'
import { TextInput } from '../ui/text-input.tsx'
import { useSetSearchParams } from '../ui/use-set-search-param.ts'
import { fieldOf, type Preset, presets, timeIn, timeOf } from './time-range.ts'

const presetNames = Object.entries(presets).map(([preset, { name }]) => [preset, name])
const items = { any: 'Any time', ...Object.fromEntries(presetNames), custom: 'From … to …' }

type Choice = { choice: string; from: string | null }

export function TimeFilter({ isReversed }: { isReversed: boolean }) {
  const [params] = useSearchParams()
  const setParams = useSetSearchParams()
  const from = timeIn(params, 'from')
  const to = timeIn(params, 'to')
  // The address has times only: which preset they came from is known to the person who chose it.
  const [chosen, setChosen] = useState<Choice | null>(null)
  const isChosen = chosen !== null && chosen.from === from && to === null
  const isAny = from === null && to === null
  const value = isChosen ? chosen.choice : isAny ? 'any' : 'custom'
  const choose = (choice: string) => {
    const preset = presets[choice as Preset] as (typeof presets)[Preset] | undefined
    const start = preset ? new Date(Date.now() - preset.lengthMs).toISOString() : null
    if (choice === 'custom') return setChosen({ choice, from })
    setChosen({ choice, from: start })
    setParams({ from: start, to: null })
  }
  return (
    <>
      <Select
        aria-label="Time"
        className="min-w-36 flex-1 sm:max-w-44"
        value={value}
        onValueChange={(next) => choose(next ?? 'any')}
        items={items}
      />
      {value === 'custom' && (
        <div className="flex basis-full flex-wrap gap-3">
          <Moment
            label="From"
            time={from}
            error={isReversed ? 'Later than the end' : undefined}
            onTime={(time) => setParams({ from: time })}
          />
          <Moment label="To" time={to} onTime={(time) => setParams({ to: time })} />
        </div>
      )}
    </>
  )
}

type MomentProps = {
  label: string
  time: string | null
  error?: string | undefined
  onTime: (time: string | null) => void
}

function Moment({ label, time, error, onTime }: MomentProps) {
  return (
    <TextInput
      label={label}
      type="datetime-local"
      className="w-52"
      value={fieldOf(time)}
      onValueChange={(text) => onTime(timeOf(text))}
      error={error}
    />
  )
}
