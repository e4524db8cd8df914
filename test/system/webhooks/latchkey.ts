// The real `npm start` on a state that outlives it, with an owner who has signed in.
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseEnv } from 'node:util'

const root = join(import.meta.dirname, '..', '..', '..')
const startTimeoutMs = 180_000

export type Latchkey = Awaited<ReturnType<typeof startLatchkey>>

export async function startLatchkey(port: number, stateDir: string) {
  const url = `http://localhost:${port}`
  const child = spawn(process.execPath, ['scripts/start.ts'], {
    cwd: root,
    env: { ...process.env, PORT: String(port), LATCHKEY_STATE: stateDir },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  await ready(child, `Latchkey is ready on ${url}`)
  const jwt = await signIn(url)
  return {
    url,
    /** @throws for anything but a success. */
    async ask(method: string, path: string, body?: unknown) {
      const headers = { authorization: `Bearer ${jwt}`, 'content-type': 'application/json' }
      const init = { method, headers, ...(body !== undefined && { body: JSON.stringify(body) }) }
      const response = await fetch(url + path, init)
      // biome-ignore lint/suspicious/noExplicitAny: assertions say what it is
      const answer: any = await response.json()
      if (!response.ok) throw new Error(`${method} ${path}: ${JSON.stringify(answer)}`)
      return answer.data
    },
    /** What Cloudflare does every minute. */
    drain: () => fetch(`${url}/cdn-cgi/handler/scheduled?cron=${encodeURIComponent('* * * * *')}`),
    async stop(signal: NodeJS.Signals = 'SIGTERM') {
      const gone = once(child, 'exit')
      child.kill(signal)
      await gone
    },
  }
}

async function signIn(url: string): Promise<string> {
  const { DEMO_PASSWORD } = parseEnv(readFileSync(join(root, '.dev.vars'), 'utf8'))
  const session = await fetch(`${url}/api/auth/sign-in/email`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', origin: url },
    body: JSON.stringify({ email: 'owner@acme.test', password: DEMO_PASSWORD }),
  })
  const cookies = session.headers.getSetCookie().map((line) => line.split(';')[0])
  const headers = { cookie: cookies.join('; ') }
  const answer = await fetch(`${url}/api/auth/token`, { headers })
  return ((await answer.json()) as { token: string }).token
}

async function ready(child: ChildProcess, lastLine: string): Promise<void> {
  let output = ''
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  const take = (chunk: Buffer) => {
    output += chunk
    if (output.includes(lastLine)) resolve()
  }
  child.stdout?.on('data', take)
  child.stderr?.on('data', take)
  child.once('exit', (code) => reject(new Error(`It ended with ${code}.\n${output}`)))
  const timer = setTimeout(() => reject(new Error(`It took too long.\n${output}`)), startTimeoutMs)
  await promise.finally(() => clearTimeout(timer))
}
