// Fences and views alone: raises, questions and answers in any order, lost storage, pruning, resets, and clocks that
// are set back. Rare mistakes of `learn` are found here in thousands of short histories.
import {
  Fence,
  type FenceAnswer,
  floorLifetimeMs,
  idleLifetimeMs,
} from '../../../src/coherence/fence.ts'
import {
  FenceView,
  isExact,
  type Question,
  requiredByAnswer,
  requiredSeqOf,
  type View,
} from '../../../src/coherence/view.ts'
import { groupOf } from '../../../src/core/subject.ts'
import { createFenceStorage, type FenceContent } from '../fence-storage.ts'
import type { Result } from '../histories.ts'
import { isInjected } from '../mistake.ts'
import { drainMicrotasks } from '../platform.ts'
import { createRandom, type Random } from '../random.ts'

const leaseMs = 1_000
const setBackMs = 300_000
const accounts = ['a', 'b']
/** Each with the account of its key. */
const digests: [digest: string, accountId: string][] = [
  ['1', 'a'],
  ['2', 'a'],
  ['3', 'b'],
]

/** A change of a subject, known to `waiting` fences when it was committed. */
type Change = {
  subject: string
  seq: number
  waiting: Set<StoredFence>
  acknowledgedAt: number | null
}

/** `listedSeq`: of its registration in D1's list; null: changes do not wait for it. */
type StoredFence = FenceContent & { fence: Fence; listedSeq: number | null; end?(): void }

type Isolate = {
  view: FenceView
  fence: StoredFence
  /** Its clock minus the true time. */
  offset: number
  /** Its clock → the true time, of each question. */
  askedAt: Map<number, number>
}

type Asked = { isolate: Isolate; question: Question; digest: string | null; at: number }

/** A view in use, as it was found running. */
type Use = { view: View; from: number }

export class ViewWorld {
  violation: string | null = null
  readonly counts: Record<string, number> = {}
  private readonly random: Random
  private readonly lines: string[] | null
  private readonly maxTold: number
  private readonly isPruning: boolean
  private now = 1_000_000
  private counter = 0
  private epochs = 0
  /** How much earlier the fence's clock shows raises to be: old enough to be pruned at once. */
  private raisedEarlier = 0
  private readonly fences: StoredFence[]
  private readonly isolates: Isolate[]
  private readonly changes: Change[] = []
  private readonly asked: Asked[] = []
  private answered: (Asked & { answer: FenceAnswer })[] = []
  private uses: Use[] = []
  private d1Calls: (() => void)[] = []

  constructor(seed: number, lines: string[] | null) {
    this.random = createRandom(seed)
    this.lines = lines
    this.isPruning = this.random.is(0.4)
    this.maxTold = 1 + this.random.int(3)
    this.fences = Array.from({ length: 1 + this.random.int(2) }, () => this.newFence())
    const maxFloors = this.maxTold + accounts.length + 1 + this.random.int(3)
    this.isolates = Array.from({ length: 1 + this.random.int(2) }, () => ({
      view: new FenceView(maxFloors),
      fence: this.random.one(this.fences),
      offset: 0,
      askedAt: new Map(),
    }))
  }

  private stepsOf(): Record<string, [weight: number, run: () => void]> {
    return {
      ask: [6, () => this.ask()],
      answer: [6, () => this.answer()],
      learn: [6, () => this.learn()],
      change: [4, () => this.change()],
      acknowledge: [6, () => this.acknowledge()],
      use: [4, () => this.use()],
      wait: [4, () => this.wait(this.random.one([1, 200, 600, 1_100]))],
      d1: [3, () => this.takeOne(this.d1Calls)?.()],
      evict: [0.5, () => this.start(this.random.one(this.fences))],
      loseStorage: [0.3, () => this.loseStorage()],
      reset: [0.3, () => this.reset()],
      maintain: [this.isPruning ? 2 : 0.3, () => this.maintain()],
      setClockBack: [0.2, () => this.setClockBack()],
      waitLong: [0.2, () => this.wait(setBackMs)],
      move: [0.3, () => this.move()],
    }
  }

  run(): void {
    const steps = this.stepsOf()
    const names = Object.keys(steps)
    const weights = Object.fromEntries(names.map((name) => [name, steps[name]?.[0] ?? 0]))
    for (let step = 0; step < 60 && this.violation === null; step++) {
      const name = this.random.weighted(weights)
      this.lines?.push(`${this.now} ${name}`)
      steps[name]?.[1]()
      drainMicrotasks()
      this.now += 1 + this.random.int(40)
      this.checkViews()
    }
  }

  private newFence(): StoredFence {
    const stored = { base: null, floors: new Map(), alarmAt: null, listedSeq: null }
    return this.start(stored as unknown as StoredFence)
  }

  /** A new instance of the object. Writes are durable at once: the simulation delays them. */
  private start(stored: StoredFence): StoredFence {
    const life = { isOver: false }
    stored.end?.()
    stored.end = () => {
      life.isOver = true
    }
    const write = (save: () => void) => {
      if (!life.isOver) save()
    }
    const storage = createFenceStorage(stored, { write, wakeAt() {}, onPruned() {} })
    const later = <T>(act: () => T) =>
      new Promise<T>((resolve) => {
        this.d1Calls.push(() => {
          const answer = act()
          this.d1Calls.push(() => resolve(answer))
        })
      })
    const registry = {
      register: () =>
        later(() => {
          stored.listedSeq = ++this.counter
          return stored.listedSeq
        }),
      retire: (seq: number) =>
        later(() => {
          if (stored.listedSeq === seq) stored.listedSeq = null
        }),
      ping: () => Promise.resolve(),
    }
    const newEpoch = () => `epoch ${++this.epochs}`
    stored.fence = new Fence(storage, registry, {
      now: () => this.now - this.raisedEarlier,
      newEpoch,
      maxTold: this.maxTold,
    })
    return stored
  }

  private ask(): void {
    const isolate = this.random.one(this.isolates)
    const digest = this.random.is(0.4) ? null : this.random.one(digests)[0]
    const at = this.now
    const question = isolate.view.question(at + isolate.offset)
    isolate.askedAt.set(question.askedAt, at)
    this.asked.push({ isolate, question, digest, at })
  }

  private answer(): void {
    const asked = this.takeOne(this.asked)
    if (asked === undefined) return
    const { fence } = asked.isolate.fence
    const answer = fence.ask(asked.question.since, asked.digest)
    if (answer === null) void fence.register()
    else this.answered.push({ ...asked, answer: structuredClone(answer) })
  }

  private learn(): void {
    const asked = this.takeOne(this.answered)
    if (asked === undefined) return
    const { isolate, question, digest, at, answer } = asked
    isolate.view.learn(this.questionAs(question, isolate), answer)
    this.lines?.push(`  ${JSON.stringify({ question: question.since, at, answer })}`)
    for (const [name, accountId] of digests) {
      if (name !== digest) continue
      const required = requiredByAnswer(answer, question, { accountId })
      this.check('an answer', required, name, accountId, at)
    }
  }

  private questionAs(question: Question, { offset }: Isolate): Question {
    return isInjected('lease-from-answer') ? { ...question, askedAt: this.now + offset } : question
  }

  /** As key-changes.ts: the change waits for the fences that are listed when it is committed. */
  private change(): void {
    const subject = this.random.is(0.4)
      ? groupOf(this.random.one(accounts))
      : this.random.one(digests)[0]
    const waiting = new Set(this.fences.filter(({ listedSeq }) => listedSeq !== null))
    const acknowledgedAt = waiting.size === 0 ? this.now : null
    this.changes.push({ subject, seq: ++this.counter, waiting, acknowledgedAt })
  }

  /** One fence holds what is pending for it, or a part of that. */
  private acknowledge(): void {
    const stored = this.random.one(this.fences)
    const pending = this.changes.filter(({ waiting }) => waiting.has(stored))
    const raises = pending.filter(() => this.random.is(0.7))
    this.raisedEarlier = this.isPruning && this.random.is(0.7) ? floorLifetimeMs : 0
    stored.fence.hold(raises.map(({ subject, seq }) => [subject, seq] as const))
    this.raisedEarlier = 0
    for (const change of raises) {
      change.waiting.delete(stored)
      if (change.waiting.size === 0) change.acknowledgedAt = this.now
    }
  }

  private use(): void {
    const isolate = this.random.one(this.isolates)
    const view = isolate.view.running(this.now + isolate.offset, leaseMs)
    if (view !== null)
      this.uses.push({ view, from: Math.max(this.trueFrom(isolate, view), this.now - leaseMs) })
  }

  private loseStorage(): void {
    const stored = this.random.one(this.fences)
    Object.assign(stored, { base: null, alarmAt: null })
    stored.floors.clear()
    this.start(stored)
  }

  /** As a restore does: readers have no leases left when changes go on. */
  private reset(): void {
    this.random.one(this.fences).fence.reset()
  }

  private maintain(): void {
    if (!this.isPruning) this.wait(idleLifetimeMs + 1)
    void this.random.one(this.fences).fence.maintain()
  }

  private wait(ms: number): void {
    this.now += this.random.int(ms)
  }

  /** So far that every view and question lies in the future; until that time comes. */
  private setClockBack(): void {
    this.random.one(this.isolates).offset -= setBackMs
  }

  /** An isolate may serve a request whose nearest fence is another one. */
  private move(): void {
    this.random.one(this.isolates).fence = this.random.one(this.fences)
  }

  private checkViews(): void {
    for (const isolate of this.isolates) {
      const view = isolate.view.running(this.now + isolate.offset, leaseMs)
      if (view === null) continue
      this.counts.running = (this.counts.running ?? 0) + 1
      const from = Math.max(this.trueFrom(isolate, view), this.now - leaseMs)
      this.checkView('a view', view, from)
    }
    for (const { view, from } of this.uses) this.checkView('a view in use', view, from)
    if (this.random.is(0.05)) this.uses = []
  }

  private checkView(what: string, view: View, from: number): void {
    for (const [digest, accountId] of digests) {
      this.check(what, requiredSeqOf(view, digest, { accountId }), digest, accountId, from)
      if (!isExact(view, digest)) continue
      this.counts.exact = (this.counts.exact ?? 0) + 1
      const known = Math.max(view.base, view.floors.get(digest) ?? view.base)
      this.check(
        `${what} that is exact`,
        Math.max(known, requiredSeqOf(view, digest, { accountId })),
        digest,
        accountId,
        from,
      )
    }
  }

  private trueFrom(isolate: Isolate, view: View): number {
    return isolate.askedAt.get(view.from) ?? view.from - isolate.offset
  }

  /** What was acknowledged everywhere before must be required. */
  private check(
    what: string,
    required: number,
    digest: string,
    accountId: string,
    from: number,
  ): void {
    for (const { subject, seq, acknowledgedAt } of this.changes) {
      if (subject !== digest && subject !== groupOf(accountId)) continue
      if (acknowledgedAt === null || acknowledgedAt >= from || required >= seq) continue
      this.violation ??= `${what}: ${digest} of ${accountId} needs ${required}, although ${subject} was raised to ${seq}`
      this.lines?.push(`VIOLATION ${this.violation}`)
    }
  }

  private takeOne<T>(list: T[]): T | undefined {
    return list.length === 0 ? undefined : list.splice(this.random.int(list.length), 1)[0]
  }
}

export function runSeed(seed: number, lines: string[] | null = null): Result {
  const world = new ViewWorld(seed, lines)
  world.run()
  return { seed, violation: world.violation, counts: world.counts }
}
