// The compared designs. Each verifies a key in one colo and revokes it.
import { before } from './before.ts'
import {
  commitOnly,
  type Design,
  kvWriteMs,
  noCalls,
  notRaised,
  startRevocation,
} from './design.ts'
import { latchkey, rowsOfARead } from './latchkey.ts'
import { swrAtTheEdge, swrInServers } from './stale-while-revalidate.ts'
import { createD1, createKv, createReplica } from './stores.ts'

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

export const designs: readonly Design[] = [
  latchkey,
  before,
  kvWithTtl,
  onD1('d1', 'D1', createD1),
  onD1('d1-replicas', 'D1 with replicas', createReplica),
  swrAtTheEdge,
  swrInServers,
]
