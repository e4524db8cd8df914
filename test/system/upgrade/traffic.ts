// Continuous verification of every key by both versions: each response is compared with the changes that were
// confirmed before the request.
import { setTimeout as sleep } from 'node:timers/promises'
import { type Pair, type Version, versions } from './versions.ts'

export type Key = {
  id: string
  token: string
  /** When a change that makes the key invalid was confirmed with 200 (ms); null: it is valid. */
  invalidSince: number | null
  /** Since when both results are correct (ms), because a change is under way. */
  changingSince: number | null
}

export type Traffic = {
  requests: number
  /** Descriptions of wrong responses. */
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

/** Makes one verification and checks its result. */
export async function check(
  pair: Pair,
  version: Version,
  key: Key,
  traffic: Pick<Traffic, 'requests' | 'wrong'>,
): Promise<void> {
  const { invalidSince } = key
  const response = await pair.fetch(version, '/api/v1/me', { headers: { 'x-api-key': key.token } })
  await response.body?.cancel()
  traffic.requests++
  const { status } = response
  const description = `${version} responds ${status} for ${key.id}`
  if (status !== 200 && status !== 401) traffic.wrong.push(description)
  if (status === 200 && invalidSince !== null)
    traffic.wrong.push(`${description}, invalid since ${invalidSince}`)
  if (status === 401 && invalidSince === null && key.changingSince === null)
    traffic.wrong.push(description)
}
