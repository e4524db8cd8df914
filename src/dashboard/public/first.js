// What comes before the app. A file of its own, since the policy allows no inline script.

// The policy lets no string become HTML or script. ECharts empties its element with innerHTML = '', which
// makes nothing, and is all that is let through.
globalThis.trustedTypes?.createPolicy('default', {
  createHTML: (html) => (html === '' ? html : null),
})

// The theme, before the first paint, so that nothing flashes.
{
  let chosen = null
  try {
    chosen = localStorage.getItem('theme')
  } catch {
    // Storage may be forbidden: the system decides.
  }
  const system = matchMedia('(prefers-color-scheme: dark)').matches ? 'dark' : 'light'
  document.documentElement.dataset.mode = chosen === 'dark' || chosen === 'light' ? chosen : system
}
