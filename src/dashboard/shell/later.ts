// What the first paint does not need and the first click may: it is there before, also when the server is not by then.
import { preloadSelects } from '../ui/filter-select.tsx'
import { preloadMenus } from '../ui/menu.tsx'
import { preloadToasts } from '../ui/toasts.tsx'

const afterMs = 500

export function preloadLater(): () => void {
  const timer = setTimeout(() => {
    void preloadMenus()
    void preloadSelects()
    void preloadToasts()
  }, afterMs)
  return () => clearTimeout(timer)
}
