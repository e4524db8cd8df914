// The time range of the page, in its address: `7d`.
import { useSearchParams } from 'wouter'
import { useSetSearchParam } from '../ui/use-set-search-param.ts'
import { type TimeRange, timeRanges } from '../usage/api.ts'

const defaultRange: TimeRange = '7 d'

export const rangeParam = (range: TimeRange) => range.replace(' ', '')

export function useRange() {
  const [params] = useSearchParams()
  const setParam = useSetSearchParam()
  const ranges = Object.keys(timeRanges) as TimeRange[]
  const range = ranges.find((each) => rangeParam(each) === params.get('range')) ?? defaultRange
  return { range, setRange: (next: TimeRange) => setParam('range', rangeParam(next)) }
}
