// A Latchkey with a signed-in owner, on a state folder that survives a restart.
import { secretOf, startLatchkey as start } from '../../support/system/launch.ts'
import { demoOwner, jwtOf, sendTo, signIn } from '../../support/system/sign-in.ts'

export type Latchkey = Awaited<ReturnType<typeof startLatchkey>>

export async function startLatchkey(port: number, stateDir: string) {
  const { url, stop } = await start({ port, stateDir })
  const send = sendTo(url)
  const jwt = await jwtOf(send, await signIn(send, url, demoOwner(secretOf('DEMO_PASSWORD'))))
  return {
    url,
    /** @throws unless the response is a success. */
    async request(method: string, path: string, body?: unknown) {
      const headers = { authorization: `Bearer ${jwt}`, 'content-type': 'application/json' }
      const init = { method, headers, ...(body !== undefined && { body: JSON.stringify(body) }) }
      const response = await fetch(url + path, init)
      // biome-ignore lint/suspicious/noExplicitAny: assertions check its type
      const answer: any = await response.json()
      if (!response.ok) throw new Error(`${method} ${path}: ${JSON.stringify(answer)}`)
      return answer.data
    },
    /** The cron trigger that Cloudflare runs every minute. */
    drain: () => fetch(`${url}/cdn-cgi/handler/scheduled?cron=${encodeURIComponent('* * * * *')}`),
    stop,
  }
}
