// The participants of a step: a random isolate, a random key, and readers around a change of it.
import { type ChangeRequest, sendLater } from './clients.ts'
import { verifyLater } from './readers.ts'
import { issue, revoke, rotate, update } from './requests.ts'
import { type Isolate, type KnownKey, marginMs, type World } from './world.ts'

export function randomIsolate({ random, isolates }: World): Isolate {
  return random.one(isolates)
}

/** Mostly one of the latest keys, which still change. */
export function withRandomKey({ keys, random }: World, run: (key: KnownKey) => void): void {
  if (keys.length > 0) run(random.one(random.is(0.7) ? keys.slice(-3) : keys))
}

/** Sends the request from a random isolate within half a second. */
export function send(world: World, request: ChangeRequest): void {
  sendLater(world, randomIsolate(world), request, world.random.int(500))
}

export function issueNow(world: World): void {
  sendLater(world, randomIsolate(world), issue(world), 0, 1)
}

/** Readers of a key in random isolates, each at a random time before `maxMs`. */
export function scheduleReadersWithin(
  world: World,
  key: KnownKey,
  count: number,
  maxMs: number,
): void {
  for (let left = count; left > 0; left--) {
    verifyLater(world, randomIsolate(world), key, world.random.int(maxMs))
  }
}

/** Readers of a key around the time at which a change of it comes into force. */
export function scheduleReaders(world: World, key: KnownKey, count: number): void {
  const { random, swarm } = world
  const wait = Math.min(5_000, swarm.leaseMs) + marginMs
  scheduleReadersWithin(world, key, count, random.one([wait + 500, 6_000]))
}

/** A random change of one key. */
export function randomChange({ random, scheduler }: World, key: KnownKey): ChangeRequest {
  const kind = random.weighted({ disabled: 6, scopes: 4, expiry: 1, rotate: 1, revoke: 2 })
  switch (kind) {
    case 'disabled':
      return update(key, { disabled: random.is(0.5) })
    case 'scopes':
      return update(key, {
        scopes: random.one([null, [], ['contacts:read'], ['contacts:read#7'], ['contacts:*']]),
      })
    case 'expiry':
      return update(key, { expiresAt: random.one([null, scheduler.now + random.int(9_000)]) })
    case 'rotate':
      return rotate(key, random.one([0, 5_000]))
    case 'revoke':
      return revoke(key)
  }
}
