// KV: a get may return any value that the key ever held, or nothing; writes may be slow, reordered, lost or
// refused. The real key-cache.ts runs on top of it.
import type { Link, Network } from './network.ts'
import type { Random } from './random.ts'

export type Staleness = {
  /** Probability that a get returns an old value, or nothing. */
  old: number
  absent: number
  /** Probability that a write is lost, or refused by the rate limit (429). */
  lost: number
  refused: number
}

const consistent: Staleness = { old: 0, absent: 0, lost: 0, refused: 0 }

export class Kv {
  private readonly latest = new Map<string, string>()
  private readonly allValues = new Map<string, string[]>()
  private readonly network: Network
  private readonly random: Random
  private readonly link: Link
  private staleness: Staleness

  constructor(network: Network, random: Random, link: Link, staleness: Staleness) {
    this.network = network
    this.random = random
    this.link = link
    this.staleness = staleness
  }

  stopFaults(): void {
    this.staleness = consistent
  }

  readonly namespace = {
    get: (name: string) =>
      this.network.call(this.link, 'get', name, (answer: (value: unknown) => void) => {
        const text = this.read(name)
        answer(text === null ? null : JSON.parse(text))
      }),
    put: (name: string, text: string) =>
      this.network.call<void>(this.link, 'put', text, (answer, fail) => {
        if (this.happens('refused')) return fail(new Error('429'))
        if (!this.happens('lost')) this.store(name, text)
        answer()
      }),
    delete: (name: string) =>
      this.network.call<void>(this.link, 'delete', name, (answer, fail) => {
        if (this.happens('refused')) return fail(new Error('429'))
        if (!this.happens('lost')) this.latest.delete(name)
        answer()
      }),
  } as unknown as KVNamespace

  private read(name: string): string | null {
    if (this.happens('absent')) return null
    const values = this.allValues.get(name)
    if (values !== undefined && this.happens('old')) return this.random.one(values)
    return this.latest.get(name) ?? null
  }

  private store(name: string, text: string): void {
    this.latest.set(name, text)
    const values = this.allValues.get(name)
    if (values === undefined) this.allValues.set(name, [text])
    else values.push(text)
  }

  private happens(what: keyof Staleness): boolean {
    if (!this.random.is(this.staleness[what])) return false
    this.network.count(`KV ${what}`)
    return true
  }
}
