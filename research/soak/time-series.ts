// Answers, latency and memory over time, in buckets of a few seconds.
import type { AnswerCode } from './oracle.ts'
import type { Answer } from './traffic.ts'

export const outcomes = ['passed', 'refused', '503', 'other'] as const
export type Outcome = (typeof outcomes)[number]

export type Bucket = {
  atSeconds: number
  verified: Record<Outcome, number>
  changed: Record<Outcome, number>
  p50Ms: number
  p99Ms: number
  residentMb: number | null
  /** Injected faults and other disturbances. */
  marks: string[]
}

export function createTimeSeries(bucketMs: number, residentMb: () => number | null) {
  const beganMs = performance.now()
  const buckets: Bucket[] = []
  let open = emptyBucket()
  let latencies: number[] = []

  function close(): void {
    latencies.sort((one, other) => one - other)
    const at = (share: number) =>
      latencies[Math.min(latencies.length - 1, Math.floor(share * latencies.length))] ?? 0
    const atSeconds = (performance.now() - beganMs) / 1000
    buckets.push({ ...open, atSeconds, p50Ms: at(0.5), p99Ms: at(0.99), residentMb: residentMb() })
    open = emptyBucket()
    latencies = []
  }
  const timer = setInterval(close, bucketMs)

  return {
    buckets,
    verified({ code, tookMs }: Answer) {
      open.verified[outcomeOf(code)]++
      latencies.push(tookMs)
    },
    changed({ code }: Answer) {
      open.changed[outcomeOf(code)]++
    },
    mark: (what: string) => void (open.marks.includes(what) || open.marks.push(what)),
    end() {
      clearInterval(timer)
      close()
    },
  }
}

export type TimeSeries = ReturnType<typeof createTimeSeries>

function outcomeOf(code: AnswerCode): Outcome {
  if (code.startsWith('2')) return 'passed'
  if (code.startsWith('401') || code.startsWith('429')) return 'refused'
  return code.startsWith('503') ? '503' : 'other'
}

function emptyBucket(): Bucket {
  const none = () => ({ passed: 0, refused: 0, '503': 0, other: 0 })
  return {
    atSeconds: 0,
    verified: none(),
    changed: none(),
    p50Ms: 0,
    p99Ms: 0,
    residentMb: null,
    marks: [],
  }
}
