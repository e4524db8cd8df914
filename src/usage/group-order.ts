// The order of the values of a group: as SQLite compares text (by the bytes of UTF-8), and none before all.

/** Negative: the first comes first. */
export function compareValues(one: string | null, other: string | null): number {
  if (one === null || other === null) return Number(one !== null) - Number(other !== null)
  const length = Math.min(one.length, other.length)
  for (let at = 0; at < length; at++) {
    const [left, right] = [one.charCodeAt(at), other.charCodeAt(at)]
    if (left !== right) return rank(left) - rank(right)
  }
  return one.length - other.length
}

/** The halves of a surrogate pair stand for code points above all others. */
function rank(unit: number): number {
  if (unit < 0xd800) return unit
  return unit < 0xe000 ? unit + 0x2000 : unit - 0x800
}
