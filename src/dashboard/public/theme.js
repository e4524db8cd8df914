// Before the first paint, so that nothing flashes; a file of its own, since the policy allows no inline script.
;(() => {
  let chosen = null
  try {
    chosen = localStorage.getItem('theme')
  } catch {
    // Storage may be forbidden: the system decides.
  }
  const system = matchMedia('(prefers-color-scheme: dark)').matches ? 'dark' : 'light'
  document.documentElement.dataset.mode = chosen === 'dark' || chosen === 'light' ? chosen : system
})()
