// Whether requests are answered.
import { createSignal } from './signal.ts'

const changed = createSignal()

/** When a request was answered last, and since when none is; null: they are. */
let answeredAtMs = Date.now()
let lostAtMs: number | null = null

export const connection = {
  on: changed.on,
  lostAtMs: () => lostAtMs,
  answeredAtMs: () => answeredAtMs,
  answered(): void {
    answeredAtMs = Date.now()
    if (lostAtMs === null) return
    lostAtMs = null
    changed.emit()
  },
  lost(): void {
    if (lostAtMs !== null) return
    lostAtMs = Date.now()
    changed.emit()
  },
}
