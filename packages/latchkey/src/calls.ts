// What the calls of a client share.

export async function dataOf<Data>(body: Promise<unknown>): Promise<Data> {
  return ((await body) as { data: Data }).data
}

/** An id cannot lead to another path, whatever it holds. @throws TypeError */
export function pathOfId(collection: string, id: string): string {
  if (!/^[\w-]+$/.test(id)) throw new TypeError('latchkey: an id is a UUID.')
  return `${collection}/${id}`
}
