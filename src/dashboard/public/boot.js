// Runs before the app. A file of its own, since the Content-Security-Policy allows no inline script.

// Trusted Types: no string becomes HTML or script, except the empty string, with which ECharts clears its
// element (innerHTML = '').
globalThis.trustedTypes?.createPolicy('default', {
  createHTML: (html) => (html === '' ? html : null),
})

// Applies the theme before the first paint, so that the page does not flash.
{
  let stored = null
  try {
    stored = localStorage.getItem('theme')
  } catch {
    // Storage may be blocked: the system's theme applies.
  }
  const system = matchMedia('(prefers-color-scheme: dark)').matches ? 'dark' : 'light'
  document.documentElement.dataset.mode = stored === 'dark' || stored === 'light' ? stored : system
}
