// The `npm start` that the commands act on: with formats of other systems, and a managing key.
import { equal } from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ageSessions } from '../../support/system/database.ts'
import { root, type Server, secretOf, startLatchkey } from '../../support/system/launch.ts'
import { demoOwner, jwtOf, sendTo, signIn } from '../../support/system/sign-in.ts'

export type Deployment = {
  url: string
  password: string
  owner: string
  /** Holds keys:manage, and grants anything. */
  key: string
  /** Of the owner, just signed in. */
  jwt(): Promise<string>
  /** A request of the owner, past the command line. */
  api(method: string, path: string, body?: object): Promise<Answer>
  /** What a client with a token gets. */
  statusOf(token: string): Promise<number>
  /** Every session was proved eleven minutes ago. */
  ageSessions(): Promise<void>
  server: Server
  stop(): Promise<void>
}
type Answer = { status: number; data: unknown }

const foreign = `
  foreign: {
    unkey: { prefix: 'uk_', alphabet: 'base62', length: { min: 20, max: 60 } },
    better_auth: { prefix: '', alphabet: 'letters', length: 64 },
    wacrm: { prefix: 'wacrm_live_', alphabet: 'base64url', length: 43 },
  },
  scopes: {`

export async function startDeployment(): Promise<Deployment> {
  const folder = mkdtempSync(join(tmpdir(), 'latchkey-cli-config-'))
  const configFile = join(folder, 'latchkey.config.ts')
  const config = readFileSync(join(root, 'test', 'support', 'latchkey.config.ts'), 'utf8')
  writeFileSync(
    configFile,
    config
      .replaceAll("'../../src/", `'${root}/src/`)
      .replaceAll("'./protected-api.ts'", `'${root}/test/support/protected-api.ts'`)
      .replace('\n  scopes: {', foreign),
  )
  const server = await startLatchkey({ command: 'npm start', configFile })
  const password = secretOf('DEMO_PASSWORD')
  const { url } = server
  const person = demoOwner(password)
  const cookie = await signIn(sendTo(url), url, person)
  const api = apiOf(url, cookie)
  const made = await api('POST', '/api/api-keys', {
    ...{ name: 'Managing', scopes: ['keys:manage'], may_grant: {} },
  })
  equal(made.status, 201)
  return {
    ...{ url, password, server, api, owner: person.email, key: (made.data as { key: string }).key },
    jwt: async () => jwtOf(sendTo(url), await signIn(sendTo(url), url, person)),
    async statusOf(token) {
      const response = await fetch(`${url}/api/v1/me`, { headers: { 'x-api-key': token } })
      await response.text()
      return response.status
    },
    ageSessions: () => ageSessions(server),
    async stop() {
      await server.stop()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

function apiOf(url: string, cookie: string): Deployment['api'] {
  return async (method, path, body) => {
    const response = await fetch(url + path, {
      ...{ method, headers: { 'content-type': 'application/json', origin: url, cookie } },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    })
    const { data } = (await response.json()) as { data: unknown }
    return { status: response.status, data }
  }
}
