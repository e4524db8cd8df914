// Client cities with weights, the cities that host Durable Objects, and the cities that a location hint leads to.
import type { Region } from '../../src/coherence/regions.ts'

export type Place = { north: number; east: number }
/** `people`: millions in the urban area (UN, rounded). `servers`: cloud regions there (assumed). */
export type City = Place & { name: string; people: number; servers: number }

const city = (name: string, north: number, east: number, people: number, servers = 0): City => ({
  name,
  north,
  east,
  people,
  servers,
})

export const cities: readonly City[] = [
  city('Ashburn', 39, -77.5, 5, 20),
  city('New York', 40.7, -74, 19, 3),
  city('Chicago', 41.9, -87.6, 9, 4),
  city('Dallas', 32.8, -96.8, 6, 3),
  city('Miami', 25.8, -80.2, 6),
  city('Los Angeles', 34, -118.2, 12, 2),
  city('San Jose', 37.3, -121.9, 4, 5),
  city('Seattle', 47.6, -122.3, 4, 10),
  city('Toronto', 43.7, -79.4, 6, 2),
  city('Mexico City', 19.4, -99.1, 22, 1),
  city('Bogotá', 4.7, -74.1, 11),
  city('Lima', -12, -77, 11),
  city('São Paulo', -23.5, -46.6, 22, 3),
  city('Rio de Janeiro', -22.9, -43.2, 13),
  city('Buenos Aires', -34.6, -58.4, 15),
  city('Santiago', -33.4, -70.7, 7, 1),
  city('London', 51.5, -0.1, 9, 6),
  city('Dublin', 53.3, -6.3, 1, 8),
  city('Amsterdam', 52.4, 4.9, 1, 4),
  city('Paris', 48.9, 2.4, 11, 3),
  city('Madrid', 40.4, -3.7, 7, 1),
  city('Frankfurt', 50.1, 8.7, 1, 9),
  city('Milan', 45.5, 9.2, 3, 1),
  city('Stockholm', 59.3, 18.1, 2, 2),
  city('Warsaw', 52.2, 21, 2, 1),
  city('Istanbul', 41, 29, 15),
  city('Kyiv', 50.5, 30.5, 3),
  city('Cairo', 30, 31.2, 21),
  city('Lagos', 6.5, 3.4, 15),
  city('Nairobi', -1.3, 36.8, 5),
  city('Johannesburg', -26.2, 28, 6, 1),
  city('Dubai', 25.2, 55.3, 3, 2),
  city('Riyadh', 24.7, 46.7, 7),
  city('Karachi', 24.9, 67, 16),
  city('Mumbai', 19.1, 72.9, 20, 4),
  city('Delhi', 28.6, 77.2, 31, 1),
  city('Bangalore', 13, 77.6, 13, 1),
  city('Dhaka', 23.8, 90.4, 22),
  city('Bangkok', 13.8, 100.5, 11),
  city('Singapore', 1.3, 103.8, 6, 8),
  city('Jakarta', -6.2, 106.8, 11, 1),
  city('Manila', 14.6, 121, 14),
  city('Hong Kong', 22.3, 114.2, 8, 2),
  city('Taipei', 25, 121.5, 7, 1),
  city('Seoul', 37.6, 127, 10, 3),
  city('Tokyo', 35.7, 139.7, 37, 7),
  city('Osaka', 34.7, 135.5, 19, 1),
  city('Sydney', -33.9, 151.2, 5, 4),
  city('Melbourne', -37.8, 145, 5, 1),
  city('Auckland', -36.8, 174.8, 2),
]

/** Cities observed to host Durable Objects: 32 of 276 (where.durableobjects.live, 2026-01-04). */
const hosts = {
  newark: { north: 40.7, east: -74.2 },
  ashburn: { north: 39, east: -77.5 },
  miami: { north: 25.8, east: -80.2 },
  atlanta: { north: 33.7, east: -84.4 },
  chicago: { north: 41.9, east: -87.6 },
  losAngeles: { north: 34, east: -118.2 },
  sanJose: { north: 37.3, east: -121.9 },
  seattle: { north: 47.6, east: -122.3 },
  denver: { north: 39.7, east: -105 },
  dallas: { north: 32.8, east: -96.8 },
  london: { north: 51.5, east: -0.1 },
  paris: { north: 48.9, east: 2.4 },
  amsterdam: { north: 52.4, east: 4.9 },
  lisbon: { north: 38.7, east: -9.1 },
  madrid: { north: 40.4, east: -3.7 },
  marseille: { north: 43.3, east: 5.4 },
  frankfurt: { north: 50.1, east: 8.7 },
  milan: { north: 45.5, east: 9.2 },
  vienna: { north: 48.2, east: 16.4 },
  warsaw: { north: 52.2, east: 21 },
  prague: { north: 50.1, east: 14.4 },
  singapore: { north: 1.3, east: 103.8 },
  hongKong: { north: 22.3, east: 114.2 },
  tokyo: { north: 35.7, east: 139.7 },
  osaka: { north: 34.7, east: 135.5 },
  sydney: { north: -33.9, east: 151.2 },
  melbourne: { north: -37.8, east: 145 },
} as const satisfies Record<string, Place>

export type Host = keyof typeof hosts
export const hostPlace = (host: Host): Place => hosts[host]

const eastOfAmerica = ['newark', 'ashburn', 'chicago', 'atlanta', 'miami'] as const
const westOfEurope = ['london', 'paris', 'amsterdam', 'madrid'] as const
const eastOfEurope = ['frankfurt', 'milan', 'prague', 'vienna', 'warsaw'] as const

/**
 * The cities that may host an object with this hint; its first call picks one permanently. No city of South
 * America, Africa, the Middle East or India was observed to host objects: from every city of 158 snapshots, `sam`
 * answered as fast as `enam`, `afr` as `weur` and `me` as `eeur`, so they are taken to have the same hosts.
 */
export const hostsOf: Record<Region, readonly Host[]> = {
  wnam: ['sanJose', 'losAngeles', 'seattle', 'denver', 'dallas'],
  enam: eastOfAmerica,
  sam: eastOfAmerica,
  weur: westOfEurope,
  eeur: eastOfEurope,
  apac: ['singapore', 'hongKong'],
  'apac-ne': ['tokyo', 'osaka'],
  oc: ['sydney', 'melbourne'],
  afr: westOfEurope,
  me: eastOfEurope,
}

/** D1’s primary, placed when the database is created, and its replicas, one for each region. */
export const primary: Place = hosts.ashburn
export const replicas: readonly Place[] = [
  hosts.ashburn,
  hosts.sanJose,
  hosts.amsterdam,
  hosts.warsaw,
  hosts.singapore,
  hosts.sydney,
]

/** KV: “a small number of centralized data centers”; their places are assumed. */
export const kvStores: readonly Place[] = [hosts.ashburn, hosts.amsterdam]

/** Regions of a service of servers, such as Unkey’s in Go (assumed). */
export const serverRegions: readonly Place[] = [
  hosts.ashburn,
  { north: 45.8, east: -119.7 },
  hosts.frankfurt,
  { north: 19.1, east: 72.9 },
  hosts.singapore,
  hosts.tokyo,
]
