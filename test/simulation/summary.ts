// The summary of a run: one line for each kind of event, and a last line for all of them.

export type Totals = {
  done: number
  from: number
  counts: Record<string, number>
  violations: number
  tookMs: number
}

export function summaryOf({ done, from, counts, violations, tookMs }: Totals): string {
  const sum = (start: string) =>
    Object.entries(counts).reduce((total, [name, n]) => total + (name.startsWith(start) ? n : 0), 0)
  const list = (title: string, start: string) => {
    const rows = Object.entries(counts).filter(([name, n]) => name.startsWith(start) && n > 0)
    const shown = rows.sort().map(([name, n]) => `${name.slice(start.length)} ${n}`)
    return `${title}: ${shown.join(', ')}`
  }
  const others = [
    'restored',
    'imported',
    'reconciled',
    'reconciled in part',
    'retried',
    'suspend committed',
    'resume committed',
    'bulk raises of a group',
  ]
  return [
    list('steps', 'step '),
    list('verified', 'verified from '),
    list('changes', 'change '),
    list('fences', 'fence '),
    `also: ${others.map((name) => `${name} ${counts[name] ?? 0}`).join(', ')}`,
    list('faults', 'fault: '),
    list('fences idle for six days', 'idle: '),
    `${done} seeds from ${from}, ${sum('verified ')} verifications, ${sum('change ')} changes, ` +
      `${sum('fault: ')} faults, ${counts.events ?? 0} events, ${violations} violations ` +
      `in ${(tookMs / 1000).toFixed(1)} s`,
  ].join('\n')
}
