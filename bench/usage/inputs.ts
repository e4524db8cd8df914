// What docs/capacity.md calculates with, besides what bench/usage.ts measures.
const cf = 'https://developers.cloudflare.com'

export type Input = { value: number; unit: string; what: string; source: string }

const d1Pricing = `[published](${cf}/d1/platform/pricing/)`
const objectPricing = `[published](${cf}/durable-objects/platform/pricing/)`
const kvPricing = `[published](${cf}/kv/platform/pricing/)`
const queuePricing = `[published](${cf}/queues/platform/pricing/)`
const workerPricing = `[published](${cf}/workers/platform/pricing/)`

export const inputs = {
  d1Limit: {
    value: 10,
    unit: 'GB',
    what: 'largest D1 database',
    source: `[published](${cf}/d1/platform/limits/)`,
  },
  objectLimit: {
    value: 10,
    unit: 'GB',
    what: 'largest storage of one object',
    source: `[published](${cf}/durable-objects/platform/limits/)`,
  },
  request: { value: 0.3, unit: '$/M', what: 'requests, 10 M included', source: workerPricing },
  rows: {
    value: 1,
    unit: '$/M',
    what: 'rows written by D1, 50 M included, and by objects, 50 M included',
    source: `${d1Pricing}, ${objectPricing}`,
  },
  d1Storage: { value: 0.75, unit: '$/GB', what: 'D1, 5 GB included', source: d1Pricing },
  objectStorage: {
    value: 0.2,
    unit: '$/GB',
    what: 'objects, 5 GB included',
    source: objectPricing,
  },
  call: { value: 0.15, unit: '$/M', what: 'calls of objects, 1 M included', source: objectPricing },
  operation: {
    value: 0.4,
    unit: '$/M',
    what: 'operations of queues, 1 M included; three a message, of each 64 kB',
    source: queuePricing,
  },
  kvRead: { value: 0.5, unit: '$/M', what: 'KV reads, 10 M included', source: kvPricing },
  kvWrite: { value: 5, unit: '$/M', what: 'KV writes, 1 M included', source: kvPricing },
  kvStorage: { value: 0.5, unit: '$/GB', what: 'KV, 1 GB included', source: kvPricing },
  perMinute: {
    value: 1,
    unit: 'a minute',
    what: 'requests of an active key, day and night',
    source: 'assumed',
  },
  keysOfAccount: { value: 100, unit: 'keys', what: 'active keys of an account', source: 'assumed' },
  perIsolate: {
    value: 100,
    unit: 'a second',
    what: 'requests that keep one isolate busy',
    source: 'assumed',
  },
  minIsolates: {
    value: 20,
    unit: 'isolates',
    what: 'isolates at least, over the world',
    source: 'assumed',
  },
  firstUses: {
    value: 0.15,
    unit: 'share',
    what: 'requests that are the first use of a key in an isolate',
    source:
      '[modelled](world.md#verification-by-heat-and-traffic) for keys used once in 10 to 100 s',
  },
  eventsOfKey: {
    value: 4,
    unit: 'events',
    what: 'audit events of a key in its life',
    source: 'assumed',
  },
  keysOfShard: {
    value: 40_000,
    unit: 'keys',
    what: 'active keys of a usage shard',
    source: 'wrangler.toml: 30,000 to 50,000',
  },
} satisfies Record<string, Input>
