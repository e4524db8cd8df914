// A change of a key that a link proposes: where it is made, and how an address says it. Pure.

/** Filled into the form of a key. */
export type KeyEdit = {
  /** As they are granted: a scope, or `scope#id`. */
  scopes: readonly string[]
  /** Addresses or blocks. */
  addresses: readonly string[]
  /** It then expires in so many days. */
  days: number | null
  /** Its rate limits are multiplied by it. */
  times: number | null
}

/** `edit`: in its form. `open`: in a dialog of its page. `go`: it is no change of this key. */
export type Change = { edit: Partial<KeyEdit> } | { open: KeyOpening } | { go: string }

export const keyOpenings = ['enable', 'add-credits'] as const
export type KeyOpening = (typeof keyOpenings)[number]

/** The page where it is made, once a person confirms it; null where it is of a key that is not known. */
export function pathOfChange(change: Change, keyId: string | null): string | null {
  if ('go' in change) return change.go
  if (keyId === null) return null
  if ('open' in change) return `/keys/${keyId}?open=${change.open}`
  const { scopes = [], addresses = [], days, times } = change.edit
  const params = new URLSearchParams([
    ...scopes.map((scope) => ['add_scope', scope]),
    ...addresses.map((address) => ['allow', address]),
    ...(days ? [['expires', String(days)]] : []),
    ...(times ? [['limits_times', String(times)]] : []),
  ])
  return `/keys/${keyId}/edit?${params}`
}

/** null: the address proposes none. */
export function editOfParams(params: URLSearchParams): KeyEdit | null {
  const edit = {
    scopes: params.getAll('add_scope').filter(Boolean),
    addresses: params.getAll('allow').filter(Boolean),
    days: wholeOf(params.get('expires')),
    times: wholeOf(params.get('limits_times')),
  }
  const isAny = edit.scopes.length + edit.addresses.length > 0 || edit.days || edit.times
  return isAny ? edit : null
}

export function openingOfParams(params: URLSearchParams): KeyOpening | null {
  return keyOpenings.find((name) => name === params.get('open')) ?? null
}

function wholeOf(text: string | null): number | null {
  return text !== null && /^[1-9]\d{0,3}$/.test(text) ? Number(text) : null
}
