// How far an import is, in a file beside its input: what an interrupted one goes on from.
import { createHash } from 'node:crypto'
import { readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs'

export type Counts = Record<string, number>
export type Position = { rows: number; counts: Counts }

export type Checkpoint = {
  /** Where an earlier run ended; null: at the beginning. */
  start: Position | null
  /** Every row up to here has its result. */
  reach(position: Position): void
  done(): void
}

const none: Checkpoint = { start: null, reach() {}, done() {} }

/** @param settings that lead to other keys when they differ. */
export function checkpointOf(file: string, settings: unknown): Checkpoint {
  // What comes through a pipe comes once.
  if (file === '-') return none
  const path = `${file}.latchkey-import`
  const { size, mtimeMs } = statSync(file)
  const id = createHash('sha256')
    .update(JSON.stringify([settings, size, mtimeMs]))
    .digest('hex')
  return {
    start: startOf(path, id),
    reach(position) {
      const temporary = `${path}.${process.pid}`
      writeFileSync(temporary, JSON.stringify({ id, ...position }), { mode: 0o600 })
      renameSync(temporary, path)
    },
    done: () => rmSync(path, { force: true }),
  }
}

/** Of another file or other settings it is of no use: the rows are sent again, and known keys are not changed. */
function startOf(path: string, id: string): Position | null {
  try {
    const found = JSON.parse(readFileSync(path, 'utf8')) as Position & { id: string }
    return found.id === id ? { rows: found.rows, counts: found.counts } : null
  } catch {
    return null
  }
}
