// The `url` of a deployment: every request of this package goes to a path below it.

/**
 * The URL of each path of the API, below the base path of `url`; a trailing slash makes no difference.
 * @throws TypeError for what is no http or https URL, and for one with a user, a query or a fragment, which no
 * request would keep. The message never quotes `url`, which may hold a password.
 */
export function deploymentUrl(url: string, caller: string): (path: string) => URL {
  const refuse = (reason: string) => new TypeError(`${caller}: url ${reason}.`)
  if (!URL.canParse(url)) throw refuse('is not a URL')
  const base = new URL(url)
  if (base.protocol !== 'https:' && base.protocol !== 'http:') throw refuse('needs http or https')
  if (base.username || base.password) throw refuse('may not hold a user or a password')
  if (base.href.includes('?')) throw refuse('may not have a query')
  if (base.href.includes('#')) throw refuse('may not have a fragment')
  let end = base.href.length
  while (base.href[end - 1] === '/') end--
  const root = base.href.slice(0, end)
  return (path) => new URL(root + path)
}
