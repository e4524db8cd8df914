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

// Loads the list beside the entry, and asks for what the first page shows while the app is still on its way (api/early.ts takes
// the answers): only for the account that was open last, since without a session each answer would be a 401.
{
  const [, account, page] = /^\/a\/([^/]+)\/?(.*)$/.exec(location.pathname) ?? []
  let last = null
  try {
    last = localStorage.getItem('early')
  } catch {
    // Storage may be blocked: the app asks.
  }
  const list = document.querySelector('meta[name="list"]')?.getAttribute('content')
  if (account !== undefined && list) {
    const link = document.createElement('link')
    link.rel = 'modulepreload'
    link.crossOrigin = ''
    link.href = list
    document.head.append(link)
  }
  if (account !== undefined && account === last) {
    const ofPerson = ['/api/auth/get-session', '/api/auth/organization/list']
    const ofAccount = [
      '/api/auth/organization/get-full-organization?membersLimit=1000',
      '/api/account',
      ...(page === 'keys' && location.search === ''
        ? ['/api/api-keys?limit=25', '/api/api-keys/summary', '/api/formats']
        : []),
    ]
    const headers = { 'latchkey-account': account }
    globalThis.earlyAnswers = new Map([
      ...ofPerson.map((path) => [path, fetch(path)]),
      ...ofAccount.map((path) => [path, fetch(path, { headers })]),
    ])
    // Whoever takes an answer hears of its failure.
    for (const answer of globalThis.earlyAnswers.values()) answer.catch(() => {})
  }
}

// The first use of Intl takes 20 ms, on a 4x slower processor 100: here it costs nothing, since the app is still on its way.
setTimeout(() => new Intl.DateTimeFormat())
