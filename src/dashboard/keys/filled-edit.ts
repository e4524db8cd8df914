// Fills a proposed change into the draft of a key, or says why it would change nothing. Pure: no React, no I/O.
import { splitHeld } from '../scopes/held-scopes.ts'
import { extentOf, withExtent } from '../scopes/selection.ts'
import type { KeyEdit } from '../usage/key-change.ts'
import type { Key } from './api.ts'
import { addressesOf, type ExpiryChoice, type KeyDraft } from './key-draft.ts'

export type Filled = { draft: KeyDraft; reasons: readonly string[] }

export function fillIn(draft: KeyDraft, edit: KeyEdit, key: Key): Filled {
  const parts: ((filled: Filled) => Filled)[] = [
    ...edit.scopes.map((scope) => (filled: Filled) => withScope(filled, scope)),
    ...edit.addresses.map((address) => (filled: Filled) => withAddress(filled, address, key)),
    ...(edit.days === null ? [] : [(filled: Filled) => withDays(filled, `${edit.days}`, key)]),
    ...(edit.times === null ? [] : [(filled: Filled) => withTimes(filled, edit.times ?? 1)]),
  ]
  return parts.reduce((filled, part) => part(filled), { draft, reasons: [] } as Filled)
}

const changed = ({ draft, reasons }: Filled, part: Partial<KeyDraft>): Filled => ({
  draft: { ...draft, ...part },
  reasons,
})

const unchanged = ({ draft, reasons }: Filled, reason: string): Filled => ({
  draft,
  reasons: [...reasons, reason],
})

function withScope(filled: Filled, granted: string): Filled {
  const { scopeChoice, scopes } = filled.draft
  if (scopeChoice === 'inherit') {
    const reason = `The key follows the role of its creator, which does not hold ${granted}. Change that role, or select scopes of its own, ${granted} among them.`
    return unchanged(filled, reason)
  }
  const { scope, id } = splitHeld(granted)
  if (scopes.includes(granted) || extentOf(scope, scopes) === 'all') {
    return unchanged(filled, `The key holds ${granted} already.`)
  }
  const next = id === null ? withExtent(scope, 'all', scopes) : [...scopes, granted]
  return changed(filled, { scopeChoice: 'selected', scopes: next })
}

function withAddress(filled: Filled, address: string, { allowed_ips }: Key): Filled {
  const { addresses } = filled.draft
  if (allowed_ips === null && addresses.trim() === '') {
    return unchanged(filled, 'The key may be used from every address already.')
  }
  if (addressesOf(addresses).includes(address)) {
    return unchanged(filled, `The key may be used from ${address} already.`)
  }
  return changed(filled, { addresses: `${addresses.trimEnd()}\n${address}`.trimStart() })
}

const lifetimes: readonly string[] = ['7', '30', '90', '365'] satisfies ExpiryChoice[]

function withDays(filled: Filled, days: string, { expires_at, replaced_by }: Key): Filled {
  if (replaced_by !== null) {
    return unchanged(filled, 'The key was replaced by another one: use the token of that key.')
  }
  if (expires_at === null) return unchanged(filled, 'The key never expires.')
  if (!lifetimes.includes(days))
    return unchanged(filled, `A key cannot be extended by ${days} days here.`)
  return changed(filled, { expiry: days as ExpiryChoice })
}

function withTimes(filled: Filled, times: number): Filled {
  const { limits } = filled.draft
  if (limits.windows.length === 0) return unchanged(filled, 'The key has no rate limit.')
  const windows = limits.windows.map((window) => ({
    ...window,
    limit: `${Number(window.limit) * times}`,
  }))
  return changed(filled, { limits: { ...limits, windows } })
}
