// One seed: isolates that count, a queue, usage objects, D1, and an operator who evicts and forgets.
import { dayMs, hourMs } from '../../../src/usage/counts.ts'
import type { Change } from '../../../src/usage/ledger-storage.ts'
import { messageId, type UsageRow } from '../../../src/usage/message.ts'
import { readShards } from '../../../src/usage/read-shards.ts'
import { nameOf, namesIn, type Shards } from '../../../src/usage/shards.ts'
import type { UsagePart } from '../../../src/usage/usage-calls.ts'
import { BaseWorld } from '../base-world.ts'
import type { Result } from '../histories.ts'
import type { Link } from '../network.ts'
import { createRandom } from '../random.ts'
import { type Actor, noLag } from '../scheduler.ts'
import { UsageHost } from './host.ts'
import { always, Oracle, type Sent } from './oracle.ts'
import { Queue } from './queue.ts'
import { drawSwarm, type Swarm } from './swarm.ts'

const accounts = ['acme', 'bolt', 'crux']
const keys = ['0a', '1b', '2c', '3d', '4e', '5f']
/** Each key belongs to one account. */
const accountOf = (keyId: string) => accounts[keys.indexOf(keyId) % 3] ?? ''
const codes = ['valid', 'valid', 'expired_api_key', 'rate_limited']

export class UsageWorld extends BaseWorld {
  readonly swarm: Swarm
  readonly hosts = new Map<string, UsageHost>()
  readonly oracle = new Oracle((rule, detail) => this.fail(rule, detail))
  private readonly shards: Shards
  private readonly queue = new Queue(this)
  private readonly link: Link
  private readonly d1Link: Link
  /** `last_used_at` by key. */
  private readonly d1 = new Map<string, number>()
  private readonly dropped = new Set<string>()
  private ids = 0
  private busy = 0
  private isOver = false

  constructor(seed: number, lines: string[] | null) {
    const random = createRandom(seed)
    const swarm = drawSwarm(random)
    super(random, swarm.startTime, swarm.usualDelayMs, lines)
    this.swarm = swarm
    this.shards = readShards(swarm.shards)
    this.link = this.network.link('usage', 10_000, swarm.faultRates)
    this.d1Link = this.network.link('D1', 20_000, swarm.d1FaultRates)
  }

  run(): void {
    const { isolates, forgets } = this.swarm
    for (let number = 0; number < isolates; number++) {
      this.start(`isolate${number}`, () => this.runIsolate())
    }
    this.start('operator', () => this.runOperator())
    if (forgets) this.start('purger', () => this.runPurger())
    for (let number = 0; number < 2; number++) {
      this.startScript(this.actor(`consumer${number}`), () => this.runConsumer())
    }
    this.startScript(this.actor('director'), () => this.runDirector())
    this.runScripts()
    this.counts.events = this.scheduler.events
    for (const [fault, count] of Object.entries(this.network.faults)) {
      this.counts[`fault: ${fault}`] = count
    }
  }

  hostOf(name: string): UsageHost {
    const found = this.hosts.get(name)
    if (found !== undefined) return found
    const { random, swarm, scheduler, network, link, d1Link } = this
    const host = new UsageHost(name, {
      scheduler,
      network,
      link,
      d1: d1Link,
      bounds: swarm.bounds,
      newSkew: () => (swarm.skewMs === 0 ? 0 : random.int(swarm.skewMs)),
      transactionFails: () => !this.isOver && random.is(swarm.transactionFailures),
      alarmIsLost: () => swarm.losesAlarms,
      raise: (uses) => this.raise(uses),
      onFolded: (change) => this.checkFold(change),
      count: (what) => this.count(what),
      fail: (rule, detail) => this.fail(rule, detail),
    })
    this.hosts.set(name, host)
    return host
  }

  drop({ id }: Sent): void {
    this.dropped.add(id)
    this.count('messages the queue dropped')
  }

  private actor(name: string): Actor {
    const life = { crashProbability: 0, isAlive: true, clockMs: 0, calls: 0 }
    return { name, skew: 0, lag: noLag, ...life }
  }

  /** A script that the director waits for. */
  private start(name: string, script: () => Promise<void>): void {
    this.busy++
    this.startScript(this.actor(name), () => script().finally(() => void this.busy--))
  }

  private async runIsolate(): Promise<void> {
    for (let turn = 0; turn < this.swarm.messages; turn++) {
      await this.pause(this.random.int(this.swarm.pauseMs))
      this.queue.send(this.newMessage())
      this.count('messages')
    }
  }

  private newMessage(): Sent {
    const { random, scheduler, shards } = this
    const { now } = scheduler
    const id = messageId(now, `m${++this.ids}`)
    const parts = new Map<string, UsagePart>()
    const partOf = (name: string): UsagePart => {
      const part = parts.get(name) ?? { id, accounts: {}, tiers: [] }
      parts.set(name, part)
      return part
    }
    for (let row = random.int(this.swarm.rowsOfMessage); row >= 0; row--) {
      const entry = this.newRow(now)
      const { accounts } = partOf(nameOf(shards, entry[0], entry[1]))
      const accountId = accountOf(entry[0])
      accounts[accountId] = [...(accounts[accountId] ?? []), entry]
    }
    if (random.is(0.5)) {
      const hour = now - (now % hourMs)
      const [name = ''] = namesIn(shards, new Date(hour).toISOString().slice(0, 7))
      partOf(name).tiers.push([hour, 'weur', random.one(['memory', 'kv']), 1 + random.int(5)])
    }
    const sent = { id, sentAt: now, parts }
    this.oracle.sent.set(id, sent)
    return sent
  }

  private newRow(now: number): UsageRow {
    const { random } = this
    // A flush may hold requests of the hour before.
    const at = now - (random.is(0.3) ? random.int(hourMs) : 0)
    const externalId = random.one([null, null, '', 'tenant-1', 'tenant-2'])
    const environment = random.one(['live', 'live', 'test'])
    const count = 1 + random.int(9)
    return [
      random.one(keys),
      at - (at % hourMs),
      random.one(codes),
      count,
      at,
      externalId,
      environment,
    ]
  }

  private async runConsumer(): Promise<void> {
    while (!(this.isOver && this.queue.isEmpty)) {
      await this.queue.deliver()
      const idleMs = this.isOver ? Math.min(this.queue.idleMs, dayMs) : 0
      await this.pause(idleMs + 1_000 + this.random.int(Math.min(this.swarm.pauseMs, 30 * 60_000)))
    }
  }

  /** Evicts objects, reads them, and lets D1 and objects be unreachable for a while. */
  private async runOperator(): Promise<void> {
    const { random, swarm, scheduler } = this
    for (let turn = 0; turn < swarm.operatorTurns; turn++) {
      await this.pause(random.int(swarm.pauseMs))
      const host = random.one([...this.hosts.values(), null])
      const link = random.one([this.link, this.d1Link, this.d1Link])
      if (random.is(0.1)) {
        link.downUntil = scheduler.now + random.int(random.one([60_000, hourMs, dayMs]))
        link.hangsWhenDown = random.is(0.5)
        this.count(`fault: ${link.name} down`)
      } else if (host !== null && random.is(0.6)) {
        host.evict()
      } else if (host !== null) this.checkReads(host)
    }
  }

  /** Forgets an account in every object, until each has said that nothing is left. */
  private async runPurger(): Promise<void> {
    const account = this.random.one(accounts)
    this.oracle.doomed = account
    await this.pause(this.random.int(this.swarm.pauseMs * this.swarm.messages))
    for (const host of this.hosts.values()) {
      for (let turn = 0; turn < 300; turn++) {
        const isDone = await this.forgetOnce(host, account)
        if (isDone) break
        await this.pause(this.random.int(10_000))
      }
    }
    this.count('accounts forgotten')
  }

  private async forgetOnce(host: UsageHost, account: string): Promise<boolean> {
    const { promise, resolve } = Promise.withResolvers<boolean>()
    host.forget(account).then(resolve, () => resolve(false))
    const timer = setTimeout(() => resolve(false), 10_000)
    const isDone = await promise
    clearTimeout(timer)
    return isDone
  }

  private checkReads(host: UsageHost): void {
    this.count('reads')
    const { now } = this.scheduler
    const from = now - (now % hourMs) - this.random.int(40) * hourMs
    const some = { from, to: from + this.random.int(40) * hourMs }
    for (const account of accounts) {
      this.oracle.check(host, account, this.random.is(0.5) ? always : some)
    }
    this.oracle.checkTiers(host)
  }

  private raise(uses: [string, number][]): void {
    for (const [keyId, at] of uses) {
      if (at > this.oracle.lastValid(keyId)) this.fail('last_used_at is a use', `${keyId} ${at}`)
      this.d1.set(keyId, Math.max(at, this.d1.get(keyId) ?? 0))
    }
  }

  private checkFold({ days }: Change): void {
    for (const { keyId, lastValidAt } of days ?? []) {
      this.count('days folded')
      if ((this.d1.get(keyId) ?? 0) >= lastValidAt) continue
      this.fail('D1 is told first', `${keyId} at ${lastValidAt}, not ${this.d1.get(keyId)}`)
    }
  }

  private async runDirector(): Promise<void> {
    while (this.busy > 0) await this.pause(hourMs)
    this.network.stopFaults()
    this.isOver = true
    while (!this.queue.isEmpty) await this.pause(hourMs)
    // An alarm that was lost is set again by whoever wakes the object.
    for (const host of this.hosts.values()) {
      host.evict()
      this.checkReads(host)
    }
    await this.pause(9 * hourMs)
    for (const host of this.hosts.values()) this.checkEnd(host)
    this.checkLastUses()
    await this.pause(45 * dayMs)
    for (const { durable, name } of this.hosts.values()) {
      const { seen, tiers } = durable
      if (seen.size + tiers.size > 0) this.fail('ids and tiers end', `${name} keeps ${seen.size}`)
    }
    await this.pause(400 * dayMs)
    for (const host of this.hosts.values()) await this.checkRetention(host)
  }

  private checkEnd(host: UsageHost): void {
    host.evict()
    const { journal } = host.durable
    if (journal.size > 0) this.fail('everything is folded', `${host.name}: ${journal.size} rows`)
    for (const { id, parts } of this.oracle.sent.values()) {
      const isMissing = parts.has(host.name) && !host.durableIds.has(id)
      if (isMissing && !this.dropped.has(id)) this.fail('everything is delivered', id)
    }
    this.checkReads(host)
    this.count('objects compared')
  }

  private checkLastUses(): void {
    const hosts = [...this.hosts.values()]
    for (const keyId of keys) {
      const at = Math.max(0, ...hosts.map((host) => this.oracle.lastValid(keyId, host)))
      const inD1 = this.d1.get(keyId) ?? 0
      if (inD1 >= at || accountOf(keyId) === this.oracle.doomed) continue
      this.fail('last_used_at is the last use', `${keyId}: ${inD1}, not ${at}`)
    }
  }

  /** Everything is deleted, and what arrives now stays uncounted. */
  private async checkRetention(host: UsageHost): Promise<void> {
    if (!host.durable.isEmpty) this.fail('usage ends after 400 days', host.name)
    const part = [...this.oracle.sent.values()].flatMap(
      ({ parts }) => parts.get(host.name) ?? [],
    )[0]
    if (part === undefined) return
    const late = { ...part, id: messageId(this.scheduler.now, 'late') }
    const answer = await host.add([late])
    await this.pause(hourMs)
    const isDropped = answer === 'stored' && host.durable.isEmpty && host.alarmAt === null
    if (!isDropped) this.fail('what is deleted stays deleted', host.name)
  }
}

/** @param lines receives the trace; null: no trace is kept. */
export function runSeed(seed: number, lines: string[] | null = null): Result {
  const world = new UsageWorld(seed, lines)
  world.run()
  return { seed, violation: world.violation, counts: world.counts }
}
