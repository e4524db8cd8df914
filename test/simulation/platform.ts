// The globals of a Worker, made deterministic: timers in virtual time, and Web Crypto that resolves at once.
// Microtasks are drained between two events.
import type { Scheduler, Timer } from './scheduler.ts'

type WithTickCallback = { _tickCallback(): void }

/**
 * Node's undocumented function that runs all microtasks (and process.nextTick) before it returns. `install`
 * asserts that it works. It does nothing inside a microtask, so the simulation runs in a plain callback.
 */
export const drainMicrotasks = () => (process as unknown as WithTickCallback)._tickCallback()

let scheduler: Scheduler | null = null

/** From now on the global timers are those of this scheduler. */
export function enter(entered: Scheduler): void {
  scheduler = entered
}

/** @throws Error when microtasks cannot be drained here. */
export function install(): void {
  const real = { setTimeout: globalThis.setTimeout, clearTimeout: globalThis.clearTimeout }
  const timers = {
    setTimeout: (run: () => void, delay = 0) =>
      scheduler === null ? real.setTimeout(run, delay) : scheduler.setTimer(run, delay),
    clearTimeout: (timer: unknown) =>
      scheduler === null ? real.clearTimeout(timer as number) : scheduler.cancel(timer as Timer),
  }
  Object.assign(globalThis, timers)
  Object.defineProperty(globalThis, 'crypto', { value: { subtle }, configurable: true })
  // Node 24 has no Uint8Array.prototype.toHex; workerd has.
  Object.defineProperty(Uint8Array.prototype, 'toHex', { value: toHex, configurable: true })
  Error.stackTraceLimit = 0
  let hops = 0
  Promise.resolve().then(() => Promise.resolve().then(() => hops++))
  drainMicrotasks()
  if (hops !== 1) throw new Error('Microtasks cannot be drained from here.')
}

// Fast hashes; no actor of the simulation forges tokens.
const subtle = {
  importKey: (_format: string, secret: Uint8Array) => Promise.resolve(secret),
  digest: (_algorithm: string, data: Uint8Array) => Promise.resolve(mix(data, 0x811c9dc5).buffer),
  sign: (_algorithm: string, key: Uint8Array, data: Uint8Array) =>
    Promise.resolve(mix(data, 0x9dc5 + key.length).buffer),
}

function mix(data: Uint8Array, start: number): Uint8Array {
  const words = new Uint32Array(8)
  let hash = start
  for (const byte of data) hash = Math.imul(hash ^ byte, 0x01000193)
  for (let word = 0; word < 8; word++) {
    hash = Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d) + word
    hash = Math.imul(hash ^ (hash >>> 12), 0x297a2d39)
    words[word] = hash ^ (hash >>> 15)
  }
  return new Uint8Array(words.buffer)
}

const bytesAsHex = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'))

function toHex(this: Uint8Array): string {
  let text = ''
  for (const byte of this) text += bytesAsHex[byte]
  return text
}
