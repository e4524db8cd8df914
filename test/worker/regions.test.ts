// Which region's fence a request asks. The times are medians (ms) of 158 snapshots of where.durableobjects.live,
// 2025-12-15 to 2026-01-04 (github.com/connyay/cf-colo-hint): how soon a new object with a location hint answered.
import { describe, expect, it } from 'vitest'
import {
  fenceName,
  fenceNames,
  nearestRegion,
  type Region,
  regionOfFence,
} from '../../src/coherence/regions.ts'

type Measured = { north: number; east: number; region: Region; ms: Record<string, number> }

const measured: Record<string, Measured> = {
  Mumbai: { north: 19.1, east: 72.9, region: 'apac', ms: { apac: 256, weur: 699, me: 736 } },
  Delhi: { north: 28.6, east: 77.2, region: 'apac', ms: { apac: 115, weur: 800, me: 820 } },
  Karachi: { north: 24.9, east: 67, region: 'apac', ms: { apac: 48, afr: 496, me: 517 } },
  Dubai: { north: 25.2, east: 55.3, region: 'apac', ms: { apac: 105, afr: 557, me: 560 } },
  Riyadh: { north: 24.7, east: 46.7, region: 'me', ms: { me: 131, afr: 266, apac: 700 } },
  Cairo: { north: 30, east: 31.2, region: 'afr', ms: { afr: 48, eeur: 263, me: 275 } },
  Nairobi: { north: -1.3, east: 36.8, region: 'afr', ms: { afr: 399, eeur: 494, me: 501 } },
  Johannesburg: { north: -26.2, east: 28, region: 'afr', ms: { afr: 103, eeur: 534, me: 534 } },
  'São Paulo': { north: -23.5, east: -46.6, region: 'sam', ms: { sam: 92, afr: 492, wnam: 503 } },
  Dallas: { north: 32.8, east: -96.8, region: 'wnam', ms: { wnam: 46, enam: 164, sam: 164 } },
  Ashburn: { north: 39, east: -77.5, region: 'enam', ms: { enam: 28, wnam: 207, afr: 258 } },
  London: { north: 51.5, east: -0.1, region: 'weur', ms: { weur: 21, eeur: 110, me: 110 } },
  Frankfurt: { north: 50.1, east: 8.7, region: 'eeur', ms: { eeur: 45, afr: 57, weur: 58 } },
  Milan: { north: 45.5, east: 9.2, region: 'eeur', ms: { eeur: 39, afr: 86, weur: 87 } },
  Singapore: { north: 1.3, east: 103.8, region: 'apac', ms: { apac: 15, oc: 425, weur: 432 } },
  Sydney: { north: -33.9, east: 151.2, region: 'oc', ms: { oc: 27, apac: 454, wnam: 478 } },
}

const cfOf = ({ north, east }: { north: number; east: number }) => ({
  latitude: String(north),
  longitude: String(east),
})

describe('the nearest region', () => {
  it.each(Object.entries(measured))('of %s is the one measured fastest', (_, city) => {
    const [fastest] = Object.entries(city.ms).sort(([, one], [, other]) => one - other)
    expect(fastest?.[0]).toBe(city.region)
    expect(nearestRegion(cfOf(city))).toBe(city.region)
  })

  // The snapshots have no hint narrower than `apac`; its objects were then made in Tokyo and Osaka.
  it('of Tokyo is the north-east of Asia', () => {
    expect(nearestRegion(cfOf({ north: 35.7, east: 139.7 }))).toBe('apac-ne')
  })

  it('of an unknown place is the east of North America', () => {
    for (const cf of [undefined, null, {}, { latitude: '1' }, { latitude: 'x', longitude: '1' }]) {
      expect(nearestRegion(cf)).toBe('enam')
    }
  })

  it('is one of those allowed', () => {
    expect(nearestRegion(cfOf({ north: 19.1, east: 72.9 }), ['weur', 'oc'])).toBe('weur')
    expect(nearestRegion(undefined, ['weur', 'oc'])).toBe('weur')
  })
})

it('the name of a fence names its region', () => {
  expect(fenceName('apac-ne', 1, 2)).toBe('apac-ne/1-of-2')
  expect(fenceNames(2)).toHaveLength(20)
  expect(fenceNames(2).map(regionOfFence)).toContain('apac-ne')
  expect(() => regionOfFence('toString/0-of-1')).toThrow('names no region')
})
