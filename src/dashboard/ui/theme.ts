// The theme: light, dark, or the system's. boot.js applies it before the first paint.
import { useSyncExternalStore } from 'react'

export const themes = ['system', 'light', 'dark'] as const
export type Theme = (typeof themes)[number]

const storageName = 'theme'
const system = matchMedia('(prefers-color-scheme: dark)')
const listeners = new Set<() => void>()
let current: Theme = read()

system.addEventListener('change', apply)

function read(): Theme {
  try {
    const stored = localStorage.getItem(storageName)
    return themes.find((theme) => theme === stored) ?? 'system'
  } catch {
    return 'system'
  }
}

function isDarkNow(): boolean {
  return current === 'system' ? system.matches : current === 'dark'
}

function apply(): void {
  document.documentElement.dataset.mode = isDarkNow() ? 'dark' : 'light'
  for (const listener of listeners) listener()
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener)
  return () => listeners.delete(listener)
}

export function setTheme(theme: Theme): void {
  current = theme
  try {
    if (theme === 'system') localStorage.removeItem(storageName)
    else localStorage.setItem(storageName, theme)
  } catch {
    // Storage may be blocked: the theme then lasts until the page is closed.
  }
  apply()
}

export function useTheme(): Theme {
  return useSyncExternalStore(subscribe, () => current)
}

export function useIsDark(): boolean {
  return useSyncExternalStore(subscribe, isDarkNow)
}
