// The deployer's theme, or the device's. Colours follow `color-scheme` by themselves; `data-mode` overrides it.
import type { Look } from '../session/types.ts'

const system = matchMedia('(prefers-color-scheme: dark)')
let theme: Look['theme'] = 'auto'

export function setTheme(next: Look['theme']): void {
  theme = next
  apply()
}

function apply(): void {
  const isDark = theme === 'auto' ? system.matches : theme === 'dark'
  document.documentElement.dataset.mode = isDark ? 'dark' : 'light'
}

system.addEventListener('change', apply)
