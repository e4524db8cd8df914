// The regions of fences: location hints of Durable Objects, and which one is nearest to a request.

/** Each location hint with a point in its centre: [latitude, longitude] in degrees. */
const centres = {
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

export type Region = keyof typeof centres
export const regions = Object.keys(centres) as Region[]

/** For requests whose location is unknown. */
const defaultRegion: Region = 'enam'

/** @param cf `request.cf`: its latitude and longitude are strings, and may be absent. */
export function nearestRegion(cf: unknown, allowed: readonly Region[] = regions): Region {
  const { latitude, longitude } = (cf ?? {}) as { latitude?: string; longitude?: string }
  const north = Number.parseFloat(latitude ?? '')
  const east = Number.parseFloat(longitude ?? '')
  const fallback = allowed.includes(defaultRegion) ? defaultRegion : (allowed[0] ?? defaultRegion)
  if (!Number.isFinite(north) || !Number.isFinite(east)) return fallback
  let nearest = fallback
  let shortest = Number.POSITIVE_INFINITY
  for (const region of allowed) {
    const [regionNorth, regionEast] = centres[region]
    const length = haversine(north, east, regionNorth, regionEast)
    if (length < shortest) [nearest, shortest] = [region, length]
  }
  return nearest
}

/** The haversine of the angle between two points, which grows with their distance. */
function haversine(north1: number, east1: number, north2: number, east2: number): number {
  const half = (degrees: number) => Math.sin((degrees * Math.PI) / 360) ** 2
  const cosine = (degrees: number) => Math.cos((degrees * Math.PI) / 180)
  return half(north2 - north1) + cosine(north1) * cosine(north2) * half(east2 - east1)
}

/** The shard count is part of the name, so that another count opens new fences. */
export function fenceName(region: Region, digest: string, shards: number): string {
  const shard = Number.parseInt(digest.slice(0, 8), 16) % shards
  return `${region}/${shard}-of-${shards}`
}

/** The names of all fences that can exist with a shard count. */
export function fenceNames(shards: number): string[] {
  return regions.flatMap((region) =>
    Array.from({ length: shards }, (_, shard) => `${region}/${shard}-of-${shards}`),
  )
}

/** @throws Error for a name that does not begin with a region. */
export function regionOfFence(name: string): Region {
  const region = name.split('/')[0] as Region
  if (!Object.hasOwn(centres, region)) throw new Error(`The fence "${name}" names no region.`)
  return region
}
