// Bindings that record each call that leaves the isolate, and forward it.
import { env } from 'cloudflare:workers'

/** `where` is `D1.all`, `KV.get`, `FENCE.ask`…; `what` holds the arguments. */
export type Call = { where: string; what: string }

export type Watch = {
  bindings: Partial<Env>
  calls: Call[]
  /** Restarts the count. */
  clear(): void
  /** How often each was called: `{ 'KV.get': 1 }`. */
  counts(): Record<string, number>
}

type Method = (...args: unknown[]) => unknown

/** The object behind a wrapper: D1's own `batch` accepts only its own statements. */
const originals = new WeakMap<object, object>()

/** Calls of `lazy` methods perform no I/O: their results are recorded instead. */
function watched<T extends object>(
  target: T,
  note: (method: string, args: unknown[]) => void,
  lazy: readonly string[],
  seen: unknown[] = [],
): T {
  const proxy = new Proxy(target, {
    get(_, name) {
      const method: unknown = Reflect.get(target, name)
      if (typeof method !== 'function' || typeof name !== 'string') return method
      return (...args: unknown[]) => {
        const handed = [...seen, ...args.flat().flatMap((each) => history.get(each) ?? [each])]
        // Not `.apply`: a Durable Object stub treats that as one of its methods.
        const own = args.map(unwrapped)
        if (lazy.includes(name)) {
          const result = Reflect.apply(Reflect.get(target, name) as Method, target, own)
          return watched(result as object, note, lazy, handed)
        }
        note(name, handed)
        return Reflect.apply(Reflect.get(target, name) as Method, target, own)
      }
    },
  })
  originals.set(proxy, target)
  history.set(proxy, seen)
  return proxy
}

/** The SQL and the parameters of a statement before it runs. */
const history = new WeakMap<object, unknown[]>() as {
  get(key: unknown): unknown[] | undefined
  set(key: object, value: unknown[]): void
}

function unwrapped(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(unwrapped)
  return (typeof value === 'object' && value !== null && originals.get(value)) || value
}

/** All the stores of an app, watched; `under` has the real ones. */
export function watchBindings(under: Partial<Env> = {}): Watch {
  const { DB, KEY_CACHE, FENCE, USAGE, USAGE_COUNTS, METER, FLOOD } = { ...env, ...under }
  const calls: Call[] = []
  const noteAs = (store: string) => (method: string, args: unknown[]) => {
    calls.push({ where: `${store}.${method}`, what: JSON.stringify(args) })
  }
  const statements = ['withSession', 'prepare', 'bind']
  return {
    calls,
    bindings: {
      DB: watched(DB, noteAs('D1'), statements),
      KEY_CACHE: watched(KEY_CACHE, noteAs('KV'), []),
      USAGE: watched(USAGE, noteAs('USAGE'), []),
      FENCE: watched(FENCE, noteAs('FENCE'), ['getByName', 'get', 'idFromName']),
      USAGE_COUNTS: watched(USAGE_COUNTS, noteAs('USAGE_COUNTS'), ['getByName']),
      METER: watched(METER, noteAs('METER'), ['getByName']),
      FLOOD: watched(FLOOD, noteAs('FLOOD'), []),
    },
    clear: () => void calls.splice(0),
    counts: () =>
      Object.fromEntries(
        [...Map.groupBy(calls, ({ where }) => where)].map(([where, of]) => [where, of.length]),
      ),
  }
}
