// The chart of a soak.
import { axes, legend, line, linear, logarithmic, type Point, picture, text } from '../world/svg.ts'
import { type Bucket, type Outcome, outcomes } from './time-series.ts'

const colors: Record<Outcome, string> = {
  passed: '#2a9d6e',
  refused: '#2f6fed',
  '503': '#d9822b',
  other: '#d6457f',
}

/** Answers, latency and memory over time, one below the other. */
export function drawChart(buckets: readonly Bucket[], title: string): string {
  const [left, right] = [70, 900]
  const end = buckets.at(-1)?.atSeconds ?? 1
  const minutes = Array.from({ length: 7 }, (_, at) => (end * at) / 6)
  const x = linear([0, end], [left, right], minutes)
  const xTick = (seconds: number) => (seconds / 60).toFixed(end < 600 ? 1 : 0)
  const frame = (
    top: number,
    y: ReturnType<typeof linear>,
    name: string,
    yTick: (value: number) => string,
  ) =>
    axes({ left, right, top, bottom: top + 150, x, y }, { title: name, x: 'minutes', xTick, yTick })
  const curve = (of: (bucket: Bucket) => number, y: (value: number) => number, color: string) =>
    line(
      buckets.map((bucket): Point => [x(bucket.atSeconds), y(of(bucket))]),
      color,
      { width: 1.5 },
    )

  const most = Math.max(1, ...buckets.flatMap(({ verified }) => Object.values(verified)))
  const answers = linear([0, most], [210, 60], [0, most / 2, most])
  const latency = logarithmic([0.5, 5_000], [440, 290])
  const heaviest = Math.max(100, ...buckets.map(({ residentMb }) => residentMb ?? 0)) * 1.1
  const memory = linear([0, heaviest], [670, 520], [0, heaviest / 2, heaviest])
  const known = buckets.filter(({ residentMb }) => residentMb !== null)
  const restarts = buckets
    .filter(({ marks }) => marks.includes('restart'))
    .map(({ atSeconds }) =>
      line(
        [
          [x(atSeconds), 520],
          [x(atSeconds), 670],
        ],
        '#888',
        { width: 1, dash: '3 3' },
      ),
    )
  return picture(940, 740, title, [
    ...frame(60, answers, `${title}: verifications in each interval, by answer`, (value) =>
      value.toFixed(0),
    ),
    ...outcomes.map((outcome) =>
      curve(({ verified }) => verified[outcome], answers, colors[outcome]),
    ),
    ...outcomes.flatMap((outcome, nth) =>
      legend([70 + nth * 105, 22], [{ name: outcome, color: colors[outcome] }]),
    ),
    ...frame(290, latency, 'Latency of verification, p50 and p99, ms', (value) => String(value)),
    curve(({ p50Ms }) => p50Ms, latency, '#2a9d6e'),
    curve(({ p99Ms }) => p99Ms, latency, '#9b5de5'),
    ...frame(
      520,
      memory,
      'Resident memory of workerd, MB (dashed: killed and restarted)',
      (value) => value.toFixed(0),
    ),
    line(
      known.map((bucket): Point => [x(bucket.atSeconds), memory(bucket.residentMb ?? 0)]),
      '#2f6fed',
      { width: 1.5 },
    ),
    ...restarts,
    text(
      [left, 732],
      'passed: 200; refused: 401; 503: a store did not answer; other: no answer while workerd restarted',
      { kind: 'faint' },
    ),
  ])
}
