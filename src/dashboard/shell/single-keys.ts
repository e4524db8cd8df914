// Whether keys alone are shortcuts. They can be turned off (WCAG 2.1.4): speech input types single characters.
const storageName = 'single-key shortcuts'

export function hasSingleKeys(): boolean {
  try {
    return localStorage.getItem(storageName) !== 'off'
  } catch {
    return true
  }
}

export function setSingleKeys(isOn: boolean): void {
  try {
    localStorage.setItem(storageName, isOn ? 'on' : 'off')
  } catch {
    // Storage may be blocked: they stay on.
  }
}
