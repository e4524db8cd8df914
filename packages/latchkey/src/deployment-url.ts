// The `url` of a deployment: every request of this package goes to a path below it.

/**
 * The URL of each path of the API, below the base path of `url`; a trailing slash makes no difference.
 * @throws TypeError for what is no http or https URL, and for one with a user, a query or a fragment, which no
 * request would keep. The message never quotes `url`, which may hold a password.
 */
export function deploymentUrl(url: string | undefined): (path: string) => URL {
  if (!url || !/^https?:[^?#@]+$/i.test(url) || !URL.canParse(url)) {
    throw new TypeError('latchkey: url needs http(s), and no user, query or fragment.')
  }
  const { href } = new URL(url)
  let end = href.length
  while (href[end - 1] === '/') end--
  return (path) => new URL(href.slice(0, end) + path)
}
