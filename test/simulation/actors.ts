// Who takes part in a step: some isolate, some key, and readers around a change of it.
import { type Ask, askLater } from './managers.ts'
import { verifyLater } from './readers.ts'
import { issue, revoke, rotate, update } from './requests.ts'
import { type Isolate, type KnownKey, marginMs, type World } from './world.ts'

export function anywhere({ random, isolates }: World): Isolate {
  return random.one(isolates)
}

/** A key, if there is one: mostly one of the latest, which still change. */
export function withKey({ keys, random }: World, run: (key: KnownKey) => void): void {
  if (keys.length > 0) run(random.one(random.is(0.7) ? keys.slice(-3) : keys))
}

/** Somebody asks for this soon. */
export function ask(world: World, request: Ask): void {
  askLater(world, anywhere(world), request, world.random.int(500))
}

export function issueNow(world: World): void {
  askLater(world, anywhere(world), issue(world), 0, 1)
}

/** Readers of a key anywhere, each at some time before `maxMs`. */
export function readersWithin(world: World, key: KnownKey, count: number, maxMs: number): void {
  for (let left = count; left > 0; left--) {
    verifyLater(world, anywhere(world), key, world.random.int(maxMs))
  }
}

/** Readers of a key while a change of it may come into force. */
export function readers(world: World, key: KnownKey, count: number): void {
  const { random, swarm } = world
  const wait = Math.min(5_000, swarm.leaseMs) + marginMs
  readersWithin(world, key, count, random.one([wait + 500, 6_000]))
}

/** Some change of one key. */
export function changeOf({ random, scheduler }: World, key: KnownKey): Ask {
  const kind = random.weighted({ able: 6, scopes: 4, expiry: 1, rotate: 1, revoke: 2 })
  switch (kind) {
    case 'able':
      return update(key, { disabled: random.is(0.5) })
    case 'scopes':
      return update(key, { scopes: random.one([null, [], ['contacts:read']]) })
    case 'expiry':
      return update(key, { expiresAt: random.one([null, scheduler.now + random.int(9_000)]) })
    case 'rotate':
      return rotate(key, random.one([0, 5_000]))
    case 'revoke':
      return revoke(key)
  }
}
