// Where fences stand: Durable Object location hints, and which of them is nearest to a request.

/** Location hints of Durable Objects with a point in their middle (degrees north, east). */
const places = {
  wnam: [37, -120],
  enam: [40, -77],
  sam: [-23, -46],
  weur: [50, 4],
  eeur: [50, 21],
  apac: [15, 105],
  'apac-ne': [36, 138],
  oc: [-34, 151],
  afr: [-26, 28],
  me: [25, 55],
} as const

export type Region = keyof typeof places
export const regions = Object.keys(places) as Region[]

/** The region that stands for requests of which nothing is known. */
const anywhere: Region = 'enam'

/** The region nearest to where a request came from, as Cloudflare tells (`request.cf`). */
export function nearestRegion(cf: unknown, allowed: readonly Region[] = regions): Region {
  const { latitude, longitude } = (cf ?? {}) as { latitude?: string; longitude?: string }
  const north = Number.parseFloat(latitude ?? '')
  const east = Number.parseFloat(longitude ?? '')
  const fallback = allowed.includes(anywhere) ? anywhere : (allowed[0] ?? anywhere)
  if (!Number.isFinite(north) || !Number.isFinite(east)) return fallback
  let nearest = fallback
  let least = Number.POSITIVE_INFINITY
  for (const region of allowed) {
    const [regionNorth, regionEast] = places[region]
    const far = distance(north, east, regionNorth, regionEast)
    if (far < least) [nearest, least] = [region, far]
  }
  return nearest
}

/** The haversine of the angle between two points: grows with their distance. */
function distance(north1: number, east1: number, north2: number, east2: number): number {
  const half = (degrees: number) => Math.sin((degrees * Math.PI) / 360) ** 2
  const cosine = (degrees: number) => Math.cos((degrees * Math.PI) / 180)
  return half(north2 - north1) + cosine(north1) * cosine(north2) * half(east2 - east1)
}

/** The shard count is part of the name, so that changing it opens new fences and confuses none. */
export function fenceName(region: Region, digest: string, shards: number): string {
  const shard = Number.parseInt(digest.slice(0, 8), 16) % shards
  return `${region}/${shard}-of-${shards}`
}

/** Every fence that can exist with a shard count. */
export function fenceNames(shards: number): string[] {
  return regions.flatMap((region) =>
    Array.from({ length: shards }, (_, shard) => `${region}/${shard}-of-${shards}`),
  )
}

export function regionOfFence(name: string): Region {
  const region = name.split('/')[0] as Region
  if (!Object.hasOwn(places, region)) throw new Error(`The fence "${name}" names no region.`)
  return region
}
