import { rmSync } from 'node:fs'

/** Also the folder of a program that was just killed, whose last writes may come between the listing and the removal. */
export function removeFolder(folder: string): void {
  rmSync(folder, { recursive: true, force: true, maxRetries: 50, retryDelay: 100 })
}
