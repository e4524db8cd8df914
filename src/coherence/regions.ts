// The regions of fences: location hints of Durable Objects, and which one is nearest to a request.

export type Region =
  | 'wnam'
  | 'enam'
  | 'sam'
  | 'weur'
  | 'eeur'
  | 'apac'
  | 'apac-ne'
  | 'oc'
  | 'afr'
  | 'me'

/**
 * Points [latitude, longitude] of each location hint, chosen so that a city is nearest to the hint with which a new
 * object answered it soonest (within 40 ms in 91 of 102 cities): medians of 158 snapshots of
 * where.durableobjects.live from 2025-12-15 to 2026-01-04 (github.com/connyay/cf-colo-hint). Objects live where
 * Cloudflare hosts them, not where the hint says: `sam` answers like `enam`, `afr` like `weur`, `me` like `eeur`.
 * India, Pakistan and Dubai are answered soonest by `apac`, from Singapore.
 */
const places: Record<Region, readonly (readonly [number, number])[]> = {
  wnam: [[36, -113]],
  enam: [[40, -77]],
  sam: [[-23, -46]],
  weur: [[50, 4]],
  eeur: [[49, 12]],
  apac: [
    [10, 108],
    [22, 70],
  ],
  'apac-ne': [[36, 138]],
  oc: [[-34, 151]],
  afr: [
    [-26, 28],
    [24, 32],
  ],
  me: [[34, 41]],
}

export const regions = Object.keys(places) as Region[]

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
    for (const [placeNorth, placeEast] of places[region]) {
      const length = haversine(north, east, placeNorth, placeEast)
      if (length < shortest) [nearest, shortest] = [region, length]
    }
  }
  return nearest
}

/** The haversine of the angle between two points, which grows with their distance. */
function haversine(north1: number, east1: number, north2: number, east2: number): number {
  const half = (degrees: number) => Math.sin((degrees * Math.PI) / 360) ** 2
  const cosine = (degrees: number) => Math.cos((degrees * Math.PI) / 180)
  return half(north2 - north1) + cosine(north1) * cosine(north2) * half(east2 - east1)
}

/** The count is part of the name, so that another count opens new fences. */
export function fenceName(region: Region, index: number, fencesPerRegion: number): string {
  return `${region}/${index}-of-${fencesPerRegion}`
}

/** The names of all fences that can exist with a number of fences a region. */
export function fenceNames(fencesPerRegion: number): string[] {
  return regions.flatMap((region) =>
    Array.from({ length: fencesPerRegion }, (_, index) =>
      fenceName(region, index, fencesPerRegion),
    ),
  )
}

/** @throws Error for a name that does not begin with a region. */
export function regionOfFence(name: string): Region {
  const region = name.split('/')[0] as Region
  if (!Object.hasOwn(places, region)) throw new Error(`The fence "${name}" names no region.`)
  return region
}
