// Verifications by both versions, all the time, of every key: each answer is held against what had been
// answered to a change before it began.
import { setTimeout as sleep } from 'node:timers/promises'
import { type Pair, type Version, versions } from './versions.ts'

export type Key = {
  id: string
  token: string
  /** When a change that takes the key's power away was answered with 200 (ms); null: it has power. */
  goneSince: number | null
  /** From when on an answer of either kind is right (ms): the change is under way. */
  changingSince: number | null
}

export type Traffic = {
  requests: number
  /** Sentences; empty is what we want. */
  wrong: string[]
  stop(): Promise<void>
}

export function startTraffic(pair: Pair, keys: Key[]): Traffic {
  let isOn = true
  const traffic: Traffic = {
    requests: 0,
    wrong: [],
    async stop() {
      isOn = false
      await running
    },
  }
  const running = Promise.all(
    versions.map(async (version) => {
      while (isOn) {
        for (const key of [...keys]) {
          if (isOn) await check(pair, version, key, traffic)
        }
        await sleep(5)
      }
    }),
  )
  return traffic
}

/** One verification, judged. */
export async function check(
  pair: Pair,
  version: Version,
  key: Key,
  traffic: Pick<Traffic, 'requests' | 'wrong'>,
): Promise<void> {
  const { goneSince } = key
  const response = await pair.fetch(version, '/api/v1/me', { headers: { 'x-api-key': key.token } })
  await response.body?.cancel()
  traffic.requests++
  const { status } = response
  const says = `${version} answers ${status} for ${key.id}`
  if (status !== 200 && status !== 401) traffic.wrong.push(says)
  if (status === 200 && goneSince !== null) traffic.wrong.push(`${says}, gone since ${goneSince}`)
  if (status === 401 && goneSince === null && key.changingSince === null) traffic.wrong.push(says)
}
