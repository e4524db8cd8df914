// Who asks: clients with keys, good, disabled, revoked and forged, and an owner who changes them.
import { createRandom, exponential, pick } from '../world/random.ts'
import { judge, judgeForged, type SoakKey, seen, type Told } from './judge.ts'
import { isolateCount, type Workerd } from './workerd.ts'

export type Answered = { told: Told; beganMs: number; tookMs: number }

export type Sink = {
  verified(answer: Answered): void
  changed(answer: Answered): void
  violation(what: string): void
  /** Whether workerd was being restarted at some time since then: no answer is then no fault. */
  wasRestarting(sinceMs: number): boolean
}

export type Traffic = ReturnType<typeof createTraffic>

const fewestKeys = 60
const maxRefused = 60
const groups = 20
const retryMs = 400
const maxWaitMs = 60_000

export function createTraffic(workerd: Workerd, sink: Sink, seed: number) {
  const keys: SoakKey[] = []
  const random = createRandom(seed)
  const anyIsolate = () => Math.floor(random() * isolateCount)
  let isOver = false
  const creations = new Map<string, number>()
  const revokedGroups = new Set<string>()
  /** Keys that are known no more; what was answered of them must still stand in the audit log. */
  const dropped: SoakKey[] = []

  async function ask(
    path: string,
    init: RequestInit,
    isolate = anyIsolate(),
  ): Promise<Answered & { body: Body | null }> {
    const beganMs = performance.now()
    const answer = await send(new URL(path, workerd.url(isolate)), init)
    return { ...answer, beganMs, tookMs: performance.now() - beganMs }
  }

  async function manage(method: string, path: string, body?: object) {
    const headers = {
      authorization: `Bearer ${await workerd.owner.jwt()}`,
      'content-type': 'application/json',
    }
    const answer = await ask(path, { method, headers, ...(body && { body: JSON.stringify(body) }) })
    sink.changed(answer)
    if (
      !isAllowedOfAChange(answer.told) &&
      !(answer.told === lost && sink.wasRestarting(answer.beganMs))
    ) {
      sink.violation(`${method} ${path} was told ${answer.told}`)
    }
    return answer
  }

  async function verify(key: SoakKey, isolate?: number): Promise<Told> {
    const before = seen(key)
    const answer = await ask('/api/v1/me', { headers: { 'x-api-key': key.token } }, isolate)
    sink.verified(answer)
    if (answer.told === lost && sink.wasRestarting(answer.beganMs)) return lost
    const wrong = judge(before, seen(key), answer.told)
    if (wrong !== null)
      sink.violation(`${wrong} (key ${key.id}, after ${Math.round(answer.tookMs)} ms)`)
    return answer.told
  }

  async function verifyForged(key: SoakKey): Promise<void> {
    const last = key.token.endsWith('0') ? '1' : '0'
    const token = key.token.slice(0, -1) + last
    const answer = await ask('/api/v1/me', { headers: { 'x-api-key': token } })
    sink.verified(answer)
    if (answer.told === lost && sink.wasRestarting(answer.beganMs)) return
    const wrong = judgeForged(answer.told)
    if (wrong !== null) sink.violation(wrong)
  }

  async function verifier(perSecond: number): Promise<void> {
    while (!isOver) {
      await pause(exponential(random, 1000 / perSecond))
      if (keys.length === 0) continue
      // A few keys are hot: the newest, which are soon changed.
      const hottest = Math.max(0, keys.length - 15)
      const key = pick(random, random() < 0.6 ? keys.slice(hottest) : keys)
      await (random() < 0.1 ? verifyForged(key) : verify(key))
    }
  }

  async function create(): Promise<void> {
    const group = `group-${Math.floor(random() * groups)}`
    // Whether a key made while its group is revoked is among them, nobody could say.
    if (revokedGroups.has(group)) return
    creations.set(group, (creations.get(group) ?? 0) + 1)
    const { told, body } = await manage('POST', '/api/api-keys', {
      name: 'Soaked',
      external_id: group,
    })
    creations.set(group, (creations.get(group) ?? 0) - 1)
    if (told !== '201' || body === null) return
    const { id, key } = body.data
    keys.push({ id, token: key, group, state: 'active', isChanging: false, version: 0, updates: 0 })
  }

  /** Asks until it is answered with 200: only then is the new state promised. */
  async function change(
    changed: readonly SoakKey[],
    to: SoakKey['state'],
    send: () => Promise<{ told: Told }>,
  ) {
    for (const key of changed) Object.assign(key, { isChanging: true, version: key.version + 1 })
    const beganMs = performance.now()
    while ((await send()).told !== '200') {
      if (performance.now() - beganMs > maxWaitMs && isOver) {
        return sink.violation(`a change to ${to} was not in force after a minute without faults`)
      }
      await pause(retryMs)
    }
    for (const key of changed) {
      if (to !== 'revoked' && key.state !== to) key.updates++
      Object.assign(key, { state: to, isChanging: false, version: key.version + 1 })
    }
  }

  async function changer(): Promise<void> {
    while (!isOver) {
      const free = keys.filter(({ isChanging }) => !isChanging)
      const ofState = (state: SoakKey['state']) => free.filter((key) => key.state === state)
      const [active, disabled] = [ofState('active'), ofState('disabled')]
      const drawn = random()
      forgetSome(ofState('revoked'))
      if (active.length < fewestKeys || drawn < 0.2) await create()
      else if (drawn < 0.6) await revoke(pick(random, active))
      else if (drawn < 0.65) await revokeGroup(pick(random, active).group)
      else if (drawn < 0.85) await setActive(pick(random, active), false)
      else if (disabled.length > 0) await setActive(pick(random, disabled), true)
    }
  }

  const revoke = (key: SoakKey) =>
    change([key], 'revoked', () => manage('DELETE', `/api/api-keys/${key.id}`))

  const setActive = (key: SoakKey, is_active: boolean) =>
    change([key], is_active ? 'active' : 'disabled', () =>
      manage('PATCH', `/api/api-keys/${key.id}`, { is_active }),
    )

  async function revokeGroup(group: string): Promise<void> {
    const changed = keys.filter((key) => key.group === group && key.state !== 'revoked')
    // One that is being changed at the same time would leave it open which of both came last.
    if (changed.some(({ isChanging }) => isChanging) || (creations.get(group) ?? 0) > 0) return
    if (revokedGroups.has(group)) return
    revokedGroups.add(group)
    const body = { external_id: group }
    await change(changed, 'revoked', () => manage('POST', '/api/api-keys/revoke', body))
    revokedGroups.delete(group)
  }

  /** So that the soak itself does not grow: what was long revoked is asked no more. */
  function forgetSome(revoked: readonly SoakKey[]): void {
    for (const key of revoked.slice(0, Math.max(0, revoked.length - maxRefused))) {
      keys.splice(keys.indexOf(key), 1)
      dropped.push(key)
    }
  }

  return {
    keys,
    dropped,
    verify,
    start(perSecond: number): Promise<unknown> {
      const verifiers = Array.from({ length: 24 }, () => verifier(perSecond / 24))
      const changers = Array.from({ length: 8 }, () => changer())
      return Promise.all([...verifiers, ...changers])
    },
    end: () => {
      isOver = true
    },
  }
}

type Body = { code?: string; data: { id: string; key: string } }

const lost: Told = 'no answer'
const maxAnswerMs = 45_000

async function send(url: URL, init: RequestInit): Promise<{ told: Told; body: Body | null }> {
  try {
    const response = await fetch(url, { ...init, signal: AbortSignal.timeout(maxAnswerMs) })
    const text = await response.text()
    const body = text.startsWith('{') ? (JSON.parse(text) as Body) : null
    const told =
      response.status < 400
        ? String(response.status)
        : `${response.status} ${body?.code ?? text.slice(0, 80)}`
    return { told, body }
  } catch (error) {
    return {
      told: error instanceof Error && error.name === 'TimeoutError' ? 'no answer in 45 s' : lost,
      body: null,
    }
  }
}

/** A change is done, on its way, contended, or nobody knows. */
function isAllowedOfAChange(told: Told): boolean {
  return /^(200|201|202|409 .*|503 authority_unavailable)$/.test(told)
}

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))
