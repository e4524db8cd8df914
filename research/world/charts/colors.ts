// The colour of each design in every chart.
import type { DesignResult } from '../results.ts'

const colors: Record<string, string> = {
  latchkey: '#2f6fed',
  before: '#7aa5f7',
  kv: '#d9822b',
  d1: '#7b8794',
  'd1-replicas': '#9b5de5',
  'swr-edge': '#2a9d6e',
  'swr-servers': '#d6457f',
}

export const colorOf = (id: string): string => colors[id] ?? '#888'

/** What was built before is dashed in charts. */
export const isBefore = ({ design }: DesignResult): boolean => design.id === 'before'
