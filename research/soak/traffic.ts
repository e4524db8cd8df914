// The clients: verifications with active, disabled, revoked and forged keys, and an owner who changes keys.
import { createRandom } from '../../test/simulation/random.ts'
import { exponential } from '../world/distributions.ts'
import {
  type AnswerCode,
  checkAnswer,
  checkCredits,
  checkForged,
  type SoakKey,
  snapshotOf,
} from './oracle.ts'
import { isolateCount, type Workerd } from './workerd.ts'

export type Answer = { code: AnswerCode; beganMs: number; tookMs: number }

export type Sink = {
  verified(answer: Answer): void
  changed(answer: Answer): void
  violation(what: string): void
  /** Whether workerd restarted since then: a missing answer is then allowed. */
  restartedSince(sinceMs: number): boolean
}

export type Traffic = ReturnType<typeof createTraffic>

const minActiveKeys = 60
const maxRefused = 60
const groups = 20
const limitedShare = 0.2
const maxCredits = 50
const retryMs = 1_000
const maxWaitMs = 60_000

export function createTraffic(workerd: Workerd, sink: Sink, seed: number) {
  const keys: SoakKey[] = []
  const random = createRandom(seed)
  const anyIsolate = () => random.int(isolateCount)
  let isOver = false
  const creations = new Map<string, number>()
  const revokedGroups = new Set<string>()
  /** Keys that are no longer verified; the audit log must still have their changes. */
  const dropped: SoakKey[] = []

  async function request(
    path: string,
    init: RequestInit,
    isolate = anyIsolate(),
  ): Promise<Answer & { body: Body | null }> {
    const beganMs = performance.now()
    const answer = await send(new URL(path, workerd.url(isolate)), init)
    return { ...answer, beganMs, tookMs: performance.now() - beganMs }
  }

  async function manage(method: string, path: string, body?: object) {
    const headers = {
      authorization: `Bearer ${await workerd.owner.jwt()}`,
      'content-type': 'application/json',
    }
    const init = { method, headers, ...(body && { body: JSON.stringify(body) }) }
    const answer = await request(path, init)
    sink.changed(answer)
    if (!isAllowedForChange(answer.code) && !isLostByRestart(answer)) {
      sink.violation(`${method} ${path} got ${answer.code}`)
    }
    return answer
  }

  function isLostByRestart({ code, beganMs }: Answer): boolean {
    return code === noAnswer && sink.restartedSince(beganMs)
  }

  async function verify(key: SoakKey, isolate?: number): Promise<AnswerCode> {
    const before = snapshotOf(key)
    key.sent++
    const answer = await request('/api/v1/me', { headers: { 'x-api-key': key.token } }, isolate)
    sink.verified(answer)
    if (isLostByRestart(answer)) return noAnswer
    if (answer.code === '200') key.passed++
    const wrong =
      checkAnswer(before, snapshotOf(key), answer.code) ?? checkCredits(key, answer.code)
    if (wrong !== null) {
      sink.violation(`${wrong} (key ${key.id}, after ${Math.round(answer.tookMs)} ms)`)
    }
    return answer.code
  }

  async function verifyForged(key: SoakKey): Promise<void> {
    const last = key.token.endsWith('0') ? '1' : '0'
    const token = key.token.slice(0, -1) + last
    const answer = await request('/api/v1/me', { headers: { 'x-api-key': token } })
    sink.verified(answer)
    if (isLostByRestart(answer)) return
    const wrong = checkForged(answer.code)
    if (wrong !== null) sink.violation(wrong)
  }

  async function verifier(perSecond: number): Promise<void> {
    while (!isOver) {
      await pause(exponential(random, 1000 / perSecond))
      if (keys.length === 0) continue
      // The newest keys are hot, and soon changed.
      const key = random.one(random.is(0.6) ? keys.slice(-15) : keys)
      await (random.is(0.1) ? verifyForged(key) : verify(key))
    }
  }

  async function create(): Promise<void> {
    const group = `group-${random.int(groups)}`
    // A bulk revocation in flight may or may not cover a key created meanwhile.
    if (revokedGroups.has(group)) return
    creations.set(group, (creations.get(group) ?? 0) + 1)
    const credits = random.is(limitedShare) ? 1 + random.int(maxCredits) : null
    const { code, body } = await manage('POST', '/api/api-keys', {
      name: 'Soak',
      external_id: group,
      ...(credits !== null && { credits: { remaining: credits } }),
    })
    creations.set(group, (creations.get(group) ?? 0) - 1)
    if (code !== '201' || body === null) return
    const { id, key } = body.data
    const unchanged = { isChanging: false, version: 0, updates: 0, sent: 0, passed: 0 }
    keys.push({ id, token: key, group, credits, state: 'active', ...unchanged })
  }

  /** Repeats the change until it is answered with 200: only then is the new state guaranteed. */
  async function change(
    changed: readonly SoakKey[],
    to: SoakKey['state'],
    send: () => Promise<{ code: AnswerCode }>,
  ) {
    for (const key of changed) Object.assign(key, { isChanging: true, version: key.version + 1 })
    const beganMs = performance.now()
    while ((await send()).code !== '200') {
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
      const drawn = random.next()
      dropOldest(ofState('revoked'))
      if (active.length < minActiveKeys || drawn < 0.2) await create()
      else if (drawn < 0.6) await revoke(random.one(active))
      else if (drawn < 0.65) await revokeGroup(random.one(active).group)
      else if (drawn < 0.85) await setActive(random.one(active), false)
      else if (disabled.length > 0) await setActive(random.one(disabled), true)
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
    // With a concurrent change of one of its keys, the order of the two would be unknown.
    if (changed.some(({ isChanging }) => isChanging) || (creations.get(group) ?? 0) > 0) return
    if (revokedGroups.has(group)) return
    revokedGroups.add(group)
    const body = { external_id: group }
    await change(changed, 'revoked', () => manage('POST', '/api/api-keys/revoke', body))
    revokedGroups.delete(group)
  }

  /** Bounds the number of keys: those revoked first are no longer verified. */
  function dropOldest(revoked: readonly SoakKey[]): void {
    for (const key of revoked.slice(0, Math.max(0, revoked.length - maxRefused))) {
      keys.splice(keys.indexOf(key), 1)
      dropped.push(key)
    }
  }

  async function usageOf(key: SoakKey): Promise<number | null> {
    const { body } = await manage('GET', `/api/api-keys/${key.id}/usage`)
    return (body?.data as { total: number } | undefined)?.total ?? null
  }

  return {
    keys,
    dropped,
    verify,
    usageOf,
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

const noAnswer: AnswerCode = 'no answer'
const maxAnswerMs = 45_000

async function send(url: URL, init: RequestInit): Promise<{ code: AnswerCode; body: Body | null }> {
  try {
    const response = await fetch(url, { ...init, signal: AbortSignal.timeout(maxAnswerMs) })
    const text = await response.text()
    const body = text.startsWith('{') ? (JSON.parse(text) as Body) : null
    const code =
      response.status < 400
        ? String(response.status)
        : `${response.status} ${body?.code ?? text.slice(0, 80)}`
    return { code, body }
  } catch (error) {
    const isTimeout = error instanceof Error && error.name === 'TimeoutError'
    return { code: isTimeout ? 'no answer in 45 s' : noAnswer, body: null }
  }
}

/** In force, pending, contended, unavailable, or one repetition too many in a minute. */
function isAllowedForChange(code: AnswerCode): boolean {
  return /^(200|201|202|409 .*|429 quota_exceeded|503 authority_unavailable)$/.test(code)
}

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))
