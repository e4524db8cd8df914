// The compared designs. Each verifies a key in one colo and revokes it.
import { type Region, regions } from '../../src/coherence/regions.ts'
import {
  commitOnly,
  type Design,
  kvWriteMs,
  noCalls,
  notRaised,
  startRevocation,
} from './design.ts'
import { createLatchkeyReader, rowsOfARead, settledAfterMs } from './latchkey.ts'
import { swrAtTheEdge, swrInServers } from './stale-while-revalidate.ts'
import { createD1, createFence, createKv, createReplica, noRevocation } from './stores.ts'

const latchkey: Design = {
  id: 'latchkey',
  name: 'Latchkey',
  hasListPrice: true,
  read: (setting) => createLatchkeyReader(setting),
  revoke(setting) {
    const { d1, committedAt, writtenAt } = startRevocation(setting)
    const inKvAt = writtenAt + kvWriteMs(setting)
    const pendingAt = inKvAt + d1.read(inKvAt).tookMs
    const raised = new Map<Region, number>()
    for (const region of regions) {
      const fence = createFence({ ...setting, revocation: noRevocation }, region)
      raised.set(region, pendingAt + fence.raiseMs())
    }
    const acknowledgedAt = Math.max(...raised.values())
    const waitedAt = settledAfterMs(setting, acknowledgedAt)
    const answeredAt = waitedAt + d1.writeMs()
    const stages = {
      commit: writtenAt,
      purge: inKvAt - writtenAt,
      raise: acknowledgedAt - inKvAt,
      wait: waitedAt - acknowledgedAt,
      close: answeredAt - waitedAt,
    }
    const raisedAt = (region: Region) => raised.get(region) ?? 0
    return { committedAt, inKvAt, answeredAt, raisedAt, stages }
  },
}

const kvWithTtl: Design = {
  id: 'kv',
  name: 'KV, TTL 60 s',
  hasListPrice: true,
  read(setting) {
    const { cpuMs, kvTtlMs } = setting.inputs
    const kv = createKv(setting, kvTtlMs)
    return {
      verify(at) {
        const { tookMs, isOld } = kv.read(at)
        return { ...noCalls, tookMs: cpuMs + tookMs, passes: isOld, tier: 'cache', kvReads: 1 }
      },
    }
  },
  revoke(setting) {
    const { committedAt, writtenAt } = startRevocation(setting)
    const inKvAt = writtenAt + kvWriteMs(setting)
    return { committedAt, inKvAt, answeredAt: inKvAt, raisedAt: notRaised }
  },
}

function onD1(id: string, name: string, open: typeof createReplica | typeof createD1): Design {
  return {
    id,
    name,
    hasListPrice: true,
    read(setting) {
      const d1 = open(setting)
      return {
        verify(at) {
          const { tookMs, isOld } = d1.read(at)
          const total = setting.inputs.cpuMs + tookMs
          return { ...noCalls, tookMs: total, passes: isOld, tier: 'database', d1Rows: rowsOfARead }
        },
      }
    },
    revoke: commitOnly,
  }
}

/** Latchkey with a change that is not built. */
export function variantOf(
  id: string,
  name: string,
  variant: Parameters<typeof createLatchkeyReader>[1],
): Design {
  return { ...latchkey, id, name, read: (setting) => createLatchkeyReader(setting, variant) }
}

export const designs: readonly Design[] = [
  latchkey,
  kvWithTtl,
  onD1('d1', 'D1', createD1),
  onD1('d1-replicas', 'D1 with replicas', createReplica),
  swrAtTheEdge,
  swrInServers,
]
