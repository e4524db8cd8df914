// Progress of long work, on standard error: one line that is rewritten on a terminal, else a line every ten seconds.
import { clean } from './text.ts'

const redrawMs = 100
const reportMs = 10_000

export type Progress = {
  /** `text` says how far it is. */
  show(text: string): void
  /** Before anything else is written, and at the end. */
  clear(): void
}

export function progress(): Progress {
  const { stderr } = process
  const isLive = stderr.isTTY === true
  let last = isLive ? 0 : Date.now()
  let isDrawn = false
  return {
    show(text) {
      const now = Date.now()
      if (now - last < (isLive ? redrawMs : reportMs)) return
      last = now
      if (!isLive) return void stderr.write(`${clean(text)}\n`)
      stderr.write(`\r\u001b[K${clean(text).slice(0, (stderr.columns ?? 80) - 1)}`)
      isDrawn = true
    },
    clear() {
      if (isDrawn) stderr.write('\r\u001b[K')
      isDrawn = false
    },
  }
}
