import { Segmented } from '../ui/segmented.tsx'
import { type TimeRange, timeRanges } from './api.ts'

type Props = { range: TimeRange; onChange: (range: TimeRange) => void }

export function TimeRangeSelect({ range, onChange }: Props) {
  const names = Object.keys(timeRanges) as TimeRange[]
  return <Segmented legend="Time range" names={names} value={range} onChange={onChange} />
}
