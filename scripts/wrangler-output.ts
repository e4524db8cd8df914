// What of wrangler's output reaches the terminal: while it starts, only what it writes to stderr
// (warnings and errors); afterwards everything but health checks, so that requests can be watched.

import { createInterface } from 'node:readline'
import type { Readable } from 'node:stream'
import { stripVTControlCharacters } from 'node:util'

const keptLines = 60
const healthCheck = /GET \/healthz 200/
/** What wrangler says at every start of a Worker with a cron trigger. */
const knownNotice = /WARNING.*Scheduled Workers are not automatically triggered/

export class WranglerOutput {
  /** When the first error of the start was shown; null while all is well. */
  failedAt: number | null = null
  #withheld: string[] = []
  #isOpen = false
  #isInNotice = false
  #healthCheckSeen: () => void = () => {}

  /** Wrangler logs our own health check last of all, so after it nothing of the start is under way. */
  readonly settled = new Promise<void>((resolve) => {
    this.#healthCheckSeen = resolve
  })

  read(stdout: Readable, stderr: Readable): void {
    createInterface({ input: stdout }).on('line', (line) => this.#takeOutput(line))
    createInterface({ input: stderr }).on('line', (line) => this.#takeError(line))
  }

  open(): void {
    this.#isOpen = true
    this.#withheld = []
  }

  /** When stopping: what the parts of wrangler say about losing each other is of no interest. */
  close(): void {
    this.#takeOutput = () => {}
    this.#takeError = () => {}
  }

  /** The end of what was not shown, for when wrangler has failed. */
  withheld = (): string => this.#withheld.join('\n').trim()

  #takeOutput = (line: string): void => {
    if (healthCheck.test(stripVTControlCharacters(line))) this.#healthCheckSeen()
    else if (this.#isOpen) process.stdout.write(`${line}\n`)
    else this.#withheld = [...this.#withheld, line].slice(-keptLines)
  }

  #takeError = (line: string): void => {
    const text = stripVTControlCharacters(line)
    const continues = text.trim() === '' || text.startsWith(' ')
    this.#isInNotice = knownNotice.test(text) || (this.#isInNotice && continues)
    if (this.#isInNotice) return
    if (text.includes('[ERROR]')) this.failedAt ??= Date.now()
    process.stderr.write(`${line}\n`)
  }
}
