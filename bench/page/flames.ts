// The flame graphs of docs/images, by the row that they are of.
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { imagesFolder } from '../support/places.ts'

const files: Record<string, string> = {
  'me: in memory, view running': 'performance-flame-me.svg',
  'verify: in memory, view running': 'performance-flame-verify.svg',
  'me: forged token': 'performance-flame-forged.svg',
  'RPC over a binding': 'performance-flame-rpc.svg',
  gateway: 'performance-flame-gateway.svg',
}

export function flameFileOf(row: string): string | null {
  return files[row] ?? null
}

/** The section that shows those that there are. */
export function flames(): string[] {
  const present = Object.entries(files).filter(([, file]) => existsSync(join(imagesFolder, file)))
  if (present.length === 0) return []
  return [
    '### CPU profile',
    "`npx node bench/profile.ts`: workerd's own profiler under the same load; the Worker is not minified.",
    ...present.map(([row, file]) => `![CPU time of ${row}](images/${file})`),
  ]
}
