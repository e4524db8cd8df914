// What a design is, and the parts of a revocation that designs share.
import { lognormal } from './distributions.ts'
import { drawTripMs, nearest, roundTripMs } from './network.ts'
import { kvStores } from './places.ts'
import { createD1, noRevocation, type Revocation, type Setting } from './stores.ts'

/** One verification: its latency, whether it accepted a revoked key, and the calls that it made. */
export type Answer = {
  tookMs: number
  passes: boolean
  tier: 'memory' | 'fence' | 'cache' | 'database' | 'server'
  /** Questions on the way to the answer or behind it. */
  fence: number
  kvReads: number
  kvWrites: number
  d1Rows: number
}

/** `perSecond`: the rate of the measured key in this colo. */
export type ReadSetting = Setting & { perSecond: number }

export type Reader = { verify(at: number): Answer }

/** A revocation that began at 0: when it was answered with 200, and the duration of each stage (ms). */
export type Revoked = Revocation & { answeredAt: number; stages?: Stages }
export type Stages = { commit: number; purge: number; raise: number; wait: number; close: number }

export type Design = {
  id: string
  name: string
  /** Servers of one’s own have no list price. */
  hasListPrice: boolean
  read(setting: ReadSetting): Reader
  revoke(setting: Omit<Setting, 'revocation'>): Revoked
}

/** The sequential calls of a revocation by a person, as counted in test/worker/world.test.ts. */
export const steps = { readsBefore: 2, kvDeletes: 1, readsOfPending: 0 }

export const noCalls = { fence: 0, kvReads: 0, kvWrites: 0, d1Rows: 0 }

export function startRevocation(setting: Omit<Setting, 'revocation'>) {
  const d1 = createD1({ ...setting, revocation: noRevocation })
  let at = 0
  for (let read = 0; read < steps.readsBefore; read++) at += d1.read(at).tookMs
  const writeMs = d1.writeMs()
  // The commit happens half-way through the batch; the other half is the reply.
  return { d1, committedAt: at + writeMs / 2, writtenAt: at + writeMs }
}

/** A write or a delete goes to KV’s central stores. */
export function kvWriteMs({ random, inputs, here }: Omit<Setting, 'revocation'>): number {
  const tripMs = roundTripMs(inputs, here, nearest(here, kvStores))
  return (
    drawTripMs(random, inputs, tripMs) + lognormal(random, inputs.kvStoreMs, inputs.kvStoreMs * 4)
  )
}

export const notRaised = () => Number.POSITIVE_INFINITY

/** A revocation that only commits in D1. */
export function commitOnly(setting: Omit<Setting, 'revocation'>): Revoked {
  const { committedAt, writtenAt } = startRevocation(setting)
  return { committedAt, inKvAt: writtenAt, answeredAt: writtenAt, raisedAt: notRaised }
}
