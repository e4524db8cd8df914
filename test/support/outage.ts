// Unavailable bindings: every call fails, or never ends.
import { env } from 'cloudflare:workers'

export type Failure = 'throws' | 'hangs'
export type Store = 'DB' | 'KEY_CACHE' | 'FENCE' | 'METER' | 'USAGE' | 'USAGE_COUNTS'

type Fail = () => Promise<never>

const ways: Record<Failure, (message: string) => Fail> = {
  throws: (message) => async () => {
    throw new Error(message)
  },
  hangs: () => () => new Promise(() => {}),
}

/** The named stores, down; `message` is the message of their errors. */
export function down(
  stores: readonly Store[],
  failure: Failure = 'throws',
  message = 'the store is down',
): Partial<Env> {
  const fail = ways[failure](message)
  const all: Record<Store, Partial<Env>> = {
    DB: { DB: downD1(fail) },
    KEY_CACHE: {
      KEY_CACHE: { get: fail, put: fail, delete: fail } as unknown as KVNamespace,
    },
    FENCE: {
      FENCE: {
        getByName: () => ({ ask: fail, inspect: fail, hold: fail, reset: fail }),
      } as unknown as Env['FENCE'],
    },
    METER: {
      METER: {
        getByName: () => ({ take: fail, topUp: fail, read: fail }),
      } as unknown as Env['METER'],
    },
    USAGE_COUNTS: {
      USAGE_COUNTS: {
        getByName: () => new Proxy({}, { get: () => fail }),
      } as unknown as Env['USAGE_COUNTS'],
    },
    USAGE: { USAGE: { send: fail, sendBatch: fail } as unknown as Env['USAGE'] },
  }
  return Object.assign({}, ...stores.map((store) => all[store]))
}

function downD1(fail: Fail): D1Database {
  const statement = { bind: () => statement, all: fail, raw: fail, first: fail, run: fail }
  const session = { prepare: () => statement, batch: fail, getBookmark: () => null }
  return { ...session, withSession: () => session, exec: fail } as unknown as D1Database
}

/** A KV whose `get` is the real one and whose writes never end. */
export function slowToWrite(): Partial<Env> {
  const never = () => new Promise(() => {})
  const kv = env.KEY_CACHE
  const get = (...args: Parameters<typeof kv.get>) => kv.get(...args)
  return { KEY_CACHE: { get, put: never, delete: never } as unknown as KVNamespace }
}
