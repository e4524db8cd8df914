// Bindings that inject faults and pass every other call on. KV may also return an old value, since workerd's own
// KV is strongly consistent and would hide a dependence on that.
import { createRandom } from '../../test/simulation/random.ts'
import type { FaultCounts, FaultKind, Faults, ObjectName, StoreName } from './commands.ts'

let faults: Faults = {}
let random = createRandom(1)
const injected: FaultCounts = {}

export function setFaults(next: Faults, seed: number): void {
  faults = next
  random = createRandom(seed)
}

export const injectedCounts = (): FaultCounts => injected

/** A new promise for each call: a shared one would retain every caller. */
const never = () => new Promise<never>(() => {})
const maxLateMs = 1_500

/** The fault of this call, or null. */
function drawFault(store: StoreName): FaultKind | null {
  const fault = faults[store]
  if (fault === undefined || !random.is(fault.share)) return null
  const name = `${store} ${fault.kind}`
  injected[name] = (injected[name] ?? 0) + 1
  return fault.kind
}

async function withFault<T>(store: StoreName, call: () => PromiseLike<T>): Promise<T> {
  switch (drawFault(store)) {
    case 'throws':
      throw new Error(`${store} is down`)
    case 'hangs':
      return never()
    case 'slow':
      await new Promise((resolve) => setTimeout(resolve, random.int(maxLateMs)))
      return call()
    case 'lost':
      await call()
      throw new Error(`${store}: connection lost`)
    case 'stale':
    case null:
      return call()
  }
}

/** The bindings of a Worker, with faults. */
export function faultyBindings(env: Env): Env {
  return {
    ...env,
    DB: faultyD1(env.DB),
    KEY_CACHE: faultyKv(env.KEY_CACHE),
    USAGE: faultyQueue(env.USAGE),
    FENCE: faultyObjects('FENCE', env.FENCE),
    METER: faultyObjects('METER', env.METER),
    USAGE_COUNTS: faultyObjects('USAGE_COUNTS', env.USAGE_COUNTS),
    REQUEST_LOG: faultyObjects('REQUEST_LOG', env.REQUEST_LOG),
  }
}

/** The real statement of each wrapper: D1's `batch` accepts only its own statements. */
const originals = new WeakMap<object, D1PreparedStatement>()

function faultyD1(d1: D1Database): D1Database {
  const over = (target: Pick<D1Database, 'prepare' | 'batch'>) => ({
    prepare: (sql: string) => faultyStatement(target.prepare(sql)),
    batch: (statements: D1PreparedStatement[]) =>
      withFault('DB', () => target.batch(statements.map((each) => originals.get(each) ?? each))),
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
    all: () => withFault('DB', () => statement.all()),
    run: () => withFault('DB', () => statement.run()),
    raw: (options?: never) => withFault('DB', () => statement.raw(options as never)),
    first: (column?: never) => withFault('DB', () => statement.first(column as never)),
  } as unknown as D1PreparedStatement
  originals.set(wrapped, statement)
  return wrapped
}

const maxRemembered = 2_000
/** The first value of each key, the oldest that KV can return. */
const firstValues = new Map<string, string>()

function faultyKv(kv: KVNamespace): KVNamespace {
  return {
    get: (name: string, options: never) => {
      const old = firstValues.get(name)
      if (faults.KEY_CACHE?.kind === 'stale' && old !== undefined && drawFault('KEY_CACHE')) {
        return Promise.resolve(JSON.parse(old))
      }
      return withFault('KEY_CACHE', () => kv.get(name, options))
    },
    put: (name: string, value: string, options: never) => {
      if (!firstValues.has(name)) firstValues.set(name, value)
      if (firstValues.size > maxRemembered)
        firstValues.delete(firstValues.keys().next().value ?? '')
      return withFault('KEY_CACHE', () => kv.put(name, value, options))
    },
    delete: (name: string) => {
      if (faults.KEY_CACHE?.kind === 'stale' && drawFault('KEY_CACHE')) return Promise.resolve()
      return withFault('KEY_CACHE', () => kv.delete(name))
    },
  } as unknown as KVNamespace
}

type Methods = Record<string, (...args: unknown[]) => PromiseLike<unknown>>

function faultyObjects<Namespace extends Env[ObjectName]>(
  store: ObjectName,
  namespace: Namespace,
): Namespace {
  const getByName = (name: string, options?: DurableObjectNamespaceGetDurableObjectOptions) => {
    const stub = namespace.getByName(name, options)
    return new Proxy(stub, {
      get:
        (_, method: string) =>
        (...args: unknown[]) =>
          // Called on its stub: a method of a stub is itself a stub.
          withFault(store, () => (stub as unknown as Methods)[method]?.(...args) ?? never()),
    })
  }
  return { getByName } as unknown as Namespace
}

function faultyQueue(queue: Env['USAGE']): Env['USAGE'] {
  const send = (message: unknown) => withFault('USAGE', () => queue.send(message))
  return { send } as unknown as Env['USAGE']
}
