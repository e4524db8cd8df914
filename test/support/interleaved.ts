// A D1 that lets something else happen right before a statement runs, so that a race has one order.
import { env } from 'cloudflare:workers'

type Method = (...args: unknown[]) => unknown

/** @param happen runs once, before the first statement or batch whose SQL matches. */
export function beforeStatement(pattern: RegExp, happen: () => Promise<unknown>): D1Database {
  const texts = new WeakMap<object, string>()
  const originals = new WeakMap<object, object>()
  let isDone = false
  async function meet(sql: string): Promise<void> {
    if (isDone || !pattern.test(sql)) return
    isDone = true
    await happen()
  }
  const textOf = (given: unknown): string =>
    Array.isArray(given) ? given.map(textOf).join(';') : (texts.get(given as object) ?? '')
  const original = (given: unknown): unknown =>
    Array.isArray(given) ? given.map(original) : (originals.get(given as object) ?? given)
  function wrap<T extends object>(target: T, sql = ''): T {
    const proxy = new Proxy(target, {
      get(_, name) {
        const method: unknown = Reflect.get(target, name)
        if (typeof method !== 'function' || typeof name !== 'string') return method
        return (...args: unknown[]) => {
          const call = () => Reflect.apply(method as Method, target, args.map(original))
          if (name === 'withSession') return wrap(call() as object)
          if (name === 'prepare') return wrap(call() as object, String(args[0]))
          if (name === 'bind') return wrap(call() as object, sql)
          return meet(name === 'batch' ? textOf(args[0]) : sql).then(call)
        }
      },
    })
    texts.set(proxy, sql)
    originals.set(proxy, target)
    return proxy
  }
  return wrap(env.DB)
}
