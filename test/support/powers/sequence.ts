// Runs a sequence of calls against the app. After each call it reads all keys of both accounts, and compares what
// the call did with the model.
import { expect } from 'vitest'
import { type Account, openAccount } from '../account.ts'
import type { Answer, TestApp } from '../test-app.ts'
import { callOf } from './calls.ts'
import { checkPowers, type Granted } from './checks.ts'
import { type ActorName, type Command, managers } from './commands.ts'
import { after, byId } from './expected.ts'
import { holdsReserved, type ModelActor, reads } from './model.ts'
import { type Row, readRows } from './rows.ts'

export class Sequence {
  readonly counts: Record<string, number> = {}
  readonly #app: TestApp
  readonly #acme: Account
  readonly #globex: Account
  readonly #tokens = new Map<string, string>()
  readonly #managers = new Map<string, string>()
  readonly #granted: Granted = new Map()
  #rows: Row[] = []

  private constructor(app: TestApp, acme: Account, globex: Account) {
    this.#app = app
    this.#acme = acme
    this.#globex = globex
  }

  static async open(app: TestApp): Promise<Sequence> {
    return new Sequence(app, await openAccount('Acme Inc'), await openAccount('Globex'))
  }

  async run(commands: readonly Command[]): Promise<void> {
    for (const command of commands) {
      if (command.does === 'wait') this.#app.clock.skip(command.seconds * 1_000)
      else await this.#step(command)
    }
  }

  async #step(command: Exclude<Command, { does: 'wait' }>): Promise<void> {
    const by = await this.#actor(command.by)
    const target = this.#target(command, by.actor)
    const call = callOf(command, target, this.#app.clock.now())
    if (call === null) return
    const before = this.#rows
    const balance = await this.#balance(command, target)
    const fromMs = this.#app.clock.now()
    const answer = await this.#app.request(call.method, `/api/api-keys${call.path}`, {
      as: by.token,
      ...(call.body && { body: call.body }),
    })
    const toMs = this.#app.clock.now()
    await this.#read()
    const { actor } = by
    const context = () =>
      `${JSON.stringify(command)}\nby ${JSON.stringify(actor)}\nto ${JSON.stringify(target)}\n${answer.status} ${answer.text}`
    // What happens at a time happens between the two: the model must be right at one of them.
    const predictions = [fromMs, toMs].map((nowMs) => call.predict({ actor, rows: before, nowMs }))
    const answered = statusOf(answer)
    this.#count(command, answered)
    const isOk = answered === 'ok'
    const own = actor.kind === 'key' ? actor.row : null
    const isUnpredictable =
      answer.status === 429 && (own?.rateLimit ?? own?.credits ?? null) !== null
    const prediction = predictions.find(
      (each) => each.status === answered || ('or' in each && each.or === answered),
    )
    if (!isUnpredictable && prediction === undefined) {
      expect.fail(`expected ${predictions[0]?.status}, not ${answered}: ${context()}`)
    }
    const changed = prediction?.status === 'ok' ? prediction.changed : new Map<string, Row>()
    const expected = after(before, changed, this.#rows, { fromMs, toMs })
    expect(this.#rows.toSorted(byId), context()).toEqual(expected)
    if (prediction?.status === 'ok') call.check?.(answer, prediction)
    checkPowers({ actor, before, after: this.#rows, fromMs, toMs }, this.#granted, context)
    if (balance !== null && target !== undefined) {
      const add = isOk && command.does === 'credits' ? command.add : 0
      expect(await this.#balance(command, target), context()).toBe(balance + add)
    }
    this.#learn(answer)
  }

  #target({ does, among, target }: Command, actor: ModelActor): Row | undefined {
    const isAmong = (row: Row) => {
      if (does === 'credits' || among === 'withCredits') return row.credits !== null
      if (among === 'disabled') return row.disabled && row.revokedAt === null
      return among === 'all' || (reads(actor, row, this.#app.clock.now()) && !holdsReserved(row))
    }
    const rows = this.#rows.filter(isAmong)
    return rows[target % rows.length] ?? this.#rows[target % this.#rows.length]
  }

  /** The credits of the target as its owner sees them, of a top-up; null where they may move by themselves. */
  async #balance({ does }: Command, target: Row | undefined): Promise<number | null> {
    if (does !== 'credits' || !target?.credits || target.credits.refill !== null) return null
    const { owner } = target.accountId === this.#acme.id ? this.#acme : this.#globex
    const path = `/api/api-keys/${target.id}`
    const { body } = await this.#app.request('GET', path, { as: owner.jwt })
    return body.data.credits.remaining
  }

  async #actor(name: ActorName): Promise<{ token: string; actor: ModelActor }> {
    if ('person' in name) {
      const account = name.person === 'outsider' ? this.#globex : this.#acme
      const role = name.person === 'outsider' ? 'owner' : name.person
      const { id, jwt } = account[role]
      return { token: jwt, actor: { kind: 'person', id, accountId: account.id, role } }
    }
    const first = this.#rows.find(({ id }) => id === this.#managers.get(name.key))
    let row = first
    while (!name.isOld && row?.replacedBy) row = this.#rows.find(({ id }) => id === row?.replacedBy)
    if (row === undefined || (!name.isOld && this.#isDead(row)))
      row = await this.#makeManager(name.key)
    return { token: this.#tokens.get(row.id) ?? '', actor: { kind: 'key', row } }
  }

  #isDead({ revokedAt, disabled, expiresAt, allowedIps, credits }: Row): boolean {
    const isExpired = expiresAt !== null && expiresAt <= this.#app.clock.now() + 60_000
    return revokedAt !== null || disabled || isExpired || allowedIps !== null || credits !== null
  }

  async #makeManager(name: keyof typeof managers | 'plain'): Promise<Row> {
    const own =
      name === 'plain'
        ? { scopes: ['contacts:read'] }
        : { scopes: ['keys:manage'], may_grant: managers[name] }
    const body = { name, ...own }
    const made = await this.#app.request('POST', '/api/api-keys', {
      as: this.#acme.owner.jwt,
      body,
    })
    expect(made.status, made.text).toBe(201)
    this.#learn(made)
    await this.#read()
    const row = this.#rows.find(({ id }) => id === made.body.data.id)
    if (row === undefined) throw new Error('A key was created, and is not stored.')
    this.#managers.set(name, row.id)
    this.#granted.set(row.id, row)
    return row
  }

  async #read(): Promise<void> {
    this.#rows = await readRows([this.#acme.id, this.#globex.id])
  }

  #learn({ body }: Answer): void {
    if (body?.data?.key && body.data.id) this.#tokens.set(body.data.id, body.data.key)
  }

  #count({ does }: Command, answered: number | 'ok'): void {
    const name = `${does} ${answered}`
    this.counts[name] = (this.counts[name] ?? 0) + 1
  }
}

/** Of an import, as the one entry fared. */
function statusOf({ status, body }: Answer): number | 'ok' {
  const results: Record<string, number> = { invalid: 400, forbidden: 403, exists: 409 }
  return status >= 400 ? status : (results[body?.data?.[0]?.result] ?? 'ok')
}
