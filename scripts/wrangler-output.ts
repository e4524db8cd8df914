// Filters wrangler's output for the terminal: while it starts, only stderr
// (warnings and errors); afterwards everything except health checks, so that requests are visible.

import { createInterface } from 'node:readline'
import type { Readable } from 'node:stream'
import { stripVTControlCharacters } from 'node:util'

const keptLines = 60
const healthCheck = /GET \/healthz 200/
/** Printed by wrangler at every start of a Worker with a cron trigger. */
const knownNotice = /WARNING.*Scheduled Workers are not automatically triggered/

export class WranglerOutput {
  /** When the first error of the start was shown; null without one. */
  failedAt: number | null = null
  #withheld: string[] = []
  #isOpen = false
  #isInNotice = false
  #healthCheckSeen: () => void = () => {}

  /** Wrangler logs the health check last, so after it the start is complete. */
  readonly settled = new Promise<void>((resolve) => {
    this.#healthCheckSeen = resolve
  })

  read(stdout: Readable, stderr: Readable): void {
    createInterface({ input: stdout }).on('line', (line) => this.#writeOutput(line))
    createInterface({ input: stderr }).on('line', (line) => this.#writeError(line))
  }

  open(): void {
    this.#isOpen = true
    this.#withheld = []
  }

  /** While stopping, wrangler's processes log lost connections to each other: not shown. */
  close(): void {
    this.#writeOutput = () => {}
    this.#writeError = () => {}
  }

  /** The last lines that were not shown, for an error report. */
  withheld = (): string => this.#withheld.join('\n').trim()

  #writeOutput = (line: string): void => {
    if (healthCheck.test(stripVTControlCharacters(line))) this.#healthCheckSeen()
    else if (this.#isOpen) process.stdout.write(`${line}\n`)
    else this.#withheld = [...this.#withheld, line].slice(-keptLines)
  }

  #writeError = (line: string): void => {
    const text = stripVTControlCharacters(line)
    const continues = text.trim() === '' || text.startsWith(' ')
    this.#isInNotice = knownNotice.test(text) || (this.#isInNotice && continues)
    if (this.#isInNotice) return
    if (text.includes('[ERROR]')) this.failedAt ??= Date.now()
    process.stderr.write(`${line}\n`)
  }
}
