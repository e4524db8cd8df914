// Bindings that fail as they are told to, and pass everything else on. A KV here may also hand out what it
// once held: workerd's own is strongly consistent and would hide what rests on it.
import { createRandom } from '../world/random.ts'
import type { Faults, StoreName, Strikes, Way } from './orders.ts'

let faults: Faults = {}
let random = createRandom(1)
const strikes: Strikes = {}

export function order(ordered: Faults, seed: number): void {
  faults = ordered
  random = createRandom(seed)
}

export const countStrikes = (): Strikes => strikes

/** One for each call: a promise that all waited for would remember every one of them. */
const never = () => new Promise<never>(() => {})
const maxLateMs = 1_500

/** The way in which this call is struck, if it is. */
function struck(store: StoreName): Way | null {
  const fault = faults[store]
  if (fault === undefined || random() >= fault.share) return null
  const name = `${store} ${fault.way}`
  strikes[name] = (strikes[name] ?? 0) + 1
  return fault.way
}

async function strike<T>(store: StoreName, call: () => PromiseLike<T>): Promise<T> {
  switch (struck(store)) {
    case 'throws':
      throw new Error(`${store} is down`)
    case 'hangs':
      return never()
    case 'slow':
      await new Promise((resolve) => setTimeout(resolve, random() * maxLateMs))
      return call()
    case 'lost':
      await call()
      throw new Error(`${store}: connection lost`)
    case 'stale':
    case null:
      return call()
  }
}

/** The bindings of a Worker, struck as ordered. */
export function faulty(env: Env): Env {
  return {
    ...env,
    DB: faultyD1(env.DB),
    KEY_CACHE: faultyKv(env.KEY_CACHE),
    FENCE: faultyFences(env.FENCE),
    USAGE: faultyQueue(env.USAGE),
  }
}

/** What a wrapped statement stands for: D1's own `batch` takes only statements of its own making. */
const originals = new WeakMap<object, D1PreparedStatement>()

function faultyD1(d1: D1Database): D1Database {
  const over = (target: Pick<D1Database, 'prepare' | 'batch'>) => ({
    prepare: (sql: string) => faultyStatement(target.prepare(sql)),
    batch: (statements: D1PreparedStatement[]) =>
      strike('DB', () => target.batch(statements.map((each) => originals.get(each) ?? each))),
  })
  const withSession = (constraint?: string) => {
    const session = d1.withSession(constraint)
    return { ...over(session), getBookmark: () => session.getBookmark() }
  }
  return { ...over(d1), withSession, exec: (sql: string) => d1.exec(sql) } as unknown as D1Database
}

function faultyStatement(statement: D1PreparedStatement): D1PreparedStatement {
  const wrapped = {
    bind: (...values: unknown[]) => faultyStatement(statement.bind(...values)),
    all: () => strike('DB', () => statement.all()),
    run: () => strike('DB', () => statement.run()),
    raw: (options?: never) => strike('DB', () => statement.raw(options as never)),
    first: (column?: never) => strike('DB', () => statement.first(column as never)),
  } as unknown as D1PreparedStatement
  originals.set(wrapped, statement)
  return wrapped
}

const maxRemembered = 2_000
/** The first value that each key ever held: as old as KV can be. */
const once = new Map<string, string>()

function faultyKv(kv: KVNamespace): KVNamespace {
  return {
    get: (name: string, options: never) => {
      const old = once.get(name)
      if (faults.KEY_CACHE?.way === 'stale' && old !== undefined && struck('KEY_CACHE')) {
        return Promise.resolve(JSON.parse(old))
      }
      return strike('KEY_CACHE', () => kv.get(name, options))
    },
    put: (name: string, value: string, options: never) => {
      if (!once.has(name)) once.set(name, value)
      if (once.size > maxRemembered) once.delete(once.keys().next().value ?? '')
      return strike('KEY_CACHE', () => kv.put(name, value, options))
    },
    delete: (name: string) => {
      if (faults.KEY_CACHE?.way === 'stale' && struck('KEY_CACHE')) return Promise.resolve()
      return strike('KEY_CACHE', () => kv.delete(name))
    },
  } as unknown as KVNamespace
}

type Methods = Record<string, (...args: unknown[]) => PromiseLike<unknown>>

function faultyFences(namespace: Env['FENCE']): Env['FENCE'] {
  const getByName: Env['FENCE']['getByName'] = (name, options) => {
    const stub = namespace.getByName(name, options)
    return new Proxy(stub, {
      get:
        (_, method: string) =>
        (...args: unknown[]) =>
          // Not kept apart from its stub: a method of a stub is itself a stub.
          strike('FENCE', () => (stub as unknown as Methods)[method]?.(...args) ?? never()),
    })
  }
  return { getByName } as Env['FENCE']
}

function faultyQueue(queue: Env['USAGE']): Env['USAGE'] {
  const send = (message: unknown) => strike('USAGE', () => queue.send(message))
  return { send } as unknown as Env['USAGE']
}
