// All charts of docs/world.md by file name.
import { inputsWith } from '../inputs.ts'
import type { Results } from '../results.ts'
import type { Outcome, Swing } from '../sensitivity.ts'
import { revocationChart, sensitivityChart } from './bars.ts'
import { citiesChart, mapChart } from './cities.ts'
import { costChart, latencyChart, stalenessChart } from './lines.ts'

export function charts(results: Results, study: { base: Outcome; swings: readonly Swing[] }) {
  return {
    'world-map.svg': mapChart(inputsWith(), results.cities),
    'world-latency.svg': latencyChart(results.designs),
    'world-cities.svg': citiesChart(results.cities),
    'world-revocation.svg': revocationChart(results),
    'world-staleness.svg': stalenessChart(results.designs),
    'world-cost.svg': costChart(results.designs),
    'world-sensitivity.svg': sensitivityChart(study.base, study.swings),
  }
}
