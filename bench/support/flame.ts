// A flame graph of a CPU profile: callees below their callers, width by time.
import type { Profile } from './inspector.ts'

type Frame = { name: string; own: number; total: number; callees: Map<string, Frame> }

const [width, rowHeight, minWidth] = [1200, 18, 2]
const style = `text{font:11px system-ui,sans-serif;fill:#222}.title{font-size:13px;font-weight:600;fill:#333}.back{fill:#fff}
@media(prefers-color-scheme:dark){.title{fill:#ddd}.back{fill:#0d1117}}`

export function flameGraph(profile: Profile, title: string): string {
  const root = treeOf(profile)
  const parts: string[] = []
  let deepest = 0
  const draw = (frame: Frame, left: number, depth: number): void => {
    const size = (frame.total / root.total) * width
    if (size < minWidth) return
    deepest = Math.max(deepest, depth)
    parts.push(box(frame, root.total, { left, depth, size }))
    let at = left
    for (const callee of [...frame.callees.values()].sort((a, b) => b.total - a.total)) {
      draw(callee, at, depth + 1)
      at += (callee.total / root.total) * width
    }
  }
  draw(root, 0, 0)
  const height = 30 + (deepest + 1) * rowHeight
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" aria-label="${escaped(title)}"><style>${style}</style><rect class="back" width="${width}" height="${height}"/><text x="4" y="18" class="title">${escaped(title)}</text>\n${parts.join('\n')}</svg>\n`
}

/** The call tree by function name, without idle time. */
function treeOf({ nodes, samples, timeDeltas }: Profile): Frame {
  const byId = new Map(nodes.map((node) => [node.id, node]))
  const times = new Map<number, number>()
  for (const [at, id] of samples.entries()) {
    times.set(id, (times.get(id) ?? 0) + Math.max(0, timeDeltas[at] ?? 0))
  }
  const build = (id: number, into: Frame): void => {
    const node = byId.get(id)
    if (node === undefined) return
    const name = node.callFrame.functionName || '(nameless)'
    if (name === '(idle)') return
    const frame = into.callees.get(name) ?? { name, own: 0, total: 0, callees: new Map() }
    into.callees.set(name, frame)
    frame.own += times.get(id) ?? 0
    for (const child of node.children ?? []) build(child, frame)
  }
  const all: Frame = { name: 'all', own: 0, total: 0, callees: new Map() }
  for (const child of byId.get(nodes[0]?.id ?? 0)?.children ?? []) build(child, all)
  addUp(all)
  return all
}

function addUp(frame: Frame): number {
  frame.total = frame.own
  for (const callee of frame.callees.values()) frame.total += addUp(callee)
  return frame.total
}

type Place = { left: number; depth: number; size: number }

function box({ name, total }: Frame, all: number, { left, depth, size }: Place): string {
  const share = `${((total / all) * 100).toFixed(1)} %`
  const top = 28 + depth * rowHeight
  const letters = Math.floor(size / 6.5)
  const label = letters < 3 ? '' : `${name} ${share}`.slice(0, letters)
  return `<g><title>${escaped(`${name}: ${share}`)}</title><rect x="${left.toFixed(1)}" y="${top}" width="${Math.max(1, size - 0.5).toFixed(1)}" height="${rowHeight - 1}" fill="${colorOf(name)}"/><text x="${(left + 3).toFixed(1)}" y="${top + 13}">${escaped(label)}</text></g>`
}

/** Native parts of workerd and V8 are grey, JavaScript orange with one shade per name. */
function colorOf(name: string): string {
  if (name.startsWith('(')) return '#b8bec7'
  let sum = 0
  for (const letter of name) sum = (sum * 31 + letter.charCodeAt(0)) % 997
  return `hsl(${20 + (sum % 35)} 80% ${65 + (sum % 15)}%)`
}

function escaped(words: string): string {
  return words.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;')
}
