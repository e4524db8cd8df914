// A page that shows what is shown only once is held: going back, a reload, a session that ended, other tabs and what is read
// again do not take it away before the person has stored it.
import { useEffect, useState, useSyncExternalStore } from 'react'
import { createSignal } from '../api/signal.ts'

const changed = createSignal()
const attempted = createSignal()
let holds = 0
let heldUrl = ''

export const isPageHeld = () => holds > 0

export const usePageHeld = () => useSyncExternalStore(changed.on, isPageHeld)

/** Resolves when the page is not held, or not any more. */
export function whenReleased(): Promise<void> {
  if (!isPageHeld()) return Promise.resolve()
  return new Promise((resolve) => {
    const end = changed.on(() => {
      if (isPageHeld()) return
      end()
      resolve()
    })
  })
}

/** Holds the page while the component is shown. @returns whether the person tried to leave it */
export function useHoldPage(isActive = true): boolean {
  const [isLeaving, setIsLeaving] = useState(false)
  useEffect(() => (isActive ? hold() : undefined), [isActive])
  useEffect(() => attempted.on(() => setIsLeaving(true)), [])
  return isLeaving
}

function hold(): () => void {
  if (holds++ === 0) {
    heldUrl = location.href
    addEventListener('beforeunload', confirmLeaving)
  }
  changed.emit()
  return () => {
    if (--holds === 0) removeEventListener('beforeunload', confirmLeaving)
    changed.emit()
  }
}

/** The browser prompts: a page cannot keep it from leaving. */
function confirmLeaving(event: BeforeUnloadEvent): void {
  event.preventDefault()
}

// From the start, so that it hears of it before the router does: at the window, listeners are called in their order.
addEventListener('popstate', (event) => {
  if (isPageHeld()) stay(event)
})

function stay(event: PopStateEvent): void {
  event.stopImmediatePropagation()
  history.pushState(null, '', heldUrl)
  attempted.emit()
}
