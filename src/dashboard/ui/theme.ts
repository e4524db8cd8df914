// Light, dark, or as the system has it. first.js applies the choice before the first paint.
import { useSyncExternalStore } from 'react'

export const themes = ['system', 'light', 'dark'] as const
export type Theme = (typeof themes)[number]

const storageName = 'theme'
const system = matchMedia('(prefers-color-scheme: dark)')
const listeners = new Set<() => void>()
let chosen: Theme = read()

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
  return chosen === 'system' ? system.matches : chosen === 'dark'
}

function apply(): void {
  document.documentElement.dataset.mode = isDarkNow() ? 'dark' : 'light'
  for (const listener of listeners) listener()
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener)
  return () => listeners.delete(listener)
}

export function chooseTheme(theme: Theme): void {
  chosen = theme
  try {
    if (theme === 'system') localStorage.removeItem(storageName)
    else localStorage.setItem(storageName, theme)
  } catch {
    // Storage may be forbidden: the choice then lasts as long as the page.
  }
  apply()
}

export function useTheme(): Theme {
  return useSyncExternalStore(subscribe, () => chosen)
}

export function useIsDark(): boolean {
  return useSyncExternalStore(subscribe, isDarkNow)
}
