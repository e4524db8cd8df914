// Signing in as a person, in a terminal: what is stored, step-up, second factors, and what only people may do.
import { deepEqual, equal, match, ok } from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { chmodSync, readFileSync, statSync } from 'node:fs'
import { it } from 'node:test'
import { jwtOf, sendTo, signIn } from '../../support/system/sign-in.ts'
import { Authenticator } from '../browser/support/totp.ts'
import type { Cli } from './cli.ts'
import type { Scene } from './scene.ts'

export function testPeople(scene: () => Scene): void {
  const password = () => scene().deployment.password
  const stored = (cli: Cli) => cli.path('.config/latchkey/credentials.json')

  async function signInTo(cli: Cli, email = scene().deployment.owner): Promise<void> {
    const words = ['login', '--url', scene().deployment.url, '--email', email]
    const terminal = cli.terminal(words)
    await terminal.shows('Password of')
    terminal.types(`${password()}\r`)
    const { code, screen } = await terminal.end()
    equal(code, 0, screen)
    ok(!screen.includes(password()))
  }

  it('stores a session that only its owner reads, and ends it at the server', async () => {
    const cli = scene().cli()
    const { url, owner } = scene().deployment
    await signInTo(cli)
    equal(statSync(stored(cli)).mode & 0o777, 0o600)
    equal(statSync(cli.path('.config/latchkey')).mode & 0o777, 0o700)
    const text = readFileSync(stored(cli), 'utf8')
    ok(!text.includes(password()))
    match((await cli.run(['whoami'])).stdout, new RegExp(`${owner}[\\s\\S]*Acme Inc`))
    const { deployments } = JSON.parse(text) as Stored
    const cookie = Object.entries(deployments[url]?.person.cookies ?? {})
      .map(([name, value]) => `${name}=${value}`)
      .join('; ')
    const status = async () => (await fetch(`${url}/api/sessions`, { headers: { cookie } })).status
    equal(await status(), 200)
    equal((await cli.run(['logout'])).code, 0)
    equal(await status(), 401)
    equal((await cli.run(['whoami', '--url', url])).code, 3)
  })
  type Stored = { deployments: Record<string, { person: { cookies: Record<string, string> } }> }

  it('refuses a file of credentials that others can read', async () => {
    const cli = scene().cli()
    const { url, key } = scene().deployment
    const login = await cli.run(['login', '--url', url, '--key-stdin'], { input: key })
    equal(login.code, 0, login.stderr)
    ok(!`${login.stdout}${login.stderr}`.includes(key))
    match((await cli.run(['whoami'])).stdout, /key Managing/)
    chmodSync(stored(cli), 0o640)
    const { code, stderr } = await cli.run(['whoami'])
    equal(code, 3)
    match(stderr, /chmod 600/)
  })

  it('stores nothing of a wrong key or password', async () => {
    const cli = scene().cli()
    const { url } = scene().deployment
    const key = `whm_${'0'.repeat(32)}`
    equal((await cli.run(['login', '--url', url, '--key-stdin'], { input: key })).code, 3)
    const terminal = cli.terminal(['login', '--url', url, '--email', 'nobody@acme.test'])
    for (let attempt = 0; attempt < 3; attempt++) {
      await terminal.shows(/Password of nobody@acme\.test/)
      await terminal.shows('_')
      terminal.types('wrong password\r')
      if (attempt < 2) await terminal.shows('Try again.')
    }
    equal((await terminal.end()).code, 3)
    equal(statSync(stored(cli), { throwIfNoEntry: false }), undefined)
  })

  it('exports after step-up by password, and goes on where it was', async () => {
    const { deployment, cli: create } = scene()
    const cli = create()
    await signInTo(cli)
    await deployment.ageSessions()
    const alone = await cli.run(['export', cli.path('alone.ndjson')])
    equal(alone.code, 3)
    match(alone.stderr, /latchkey login/)
    const terminal = cli.terminal(['export', cli.path('data.ndjson')])
    await terminal.shows('Your password')
    terminal.types('wrong\r')
    await terminal.shows('Try again.')
    await terminal.shows('Your password')
    terminal.types(`${password()}\r`)
    const { code, screen } = await terminal.end()
    equal(code, 0, screen)
    const lines = readFileSync(cli.path('data.ndjson'), 'utf8').trim().split('\n')
    equal((JSON.parse(lines.at(-1) ?? '') as { type: string }).type, 'end')
    equal(statSync(cli.path('data.ndjson')).mode & 0o777, 0o600)
    equal((await cli.run(['export', cli.path('data.ndjson')])).code, 2)
    const piped = await cli.run(['export', '-'])
    equal(piped.code, 0, piped.stderr)
    ok(piped.stdout.split('\n').length > 5)
  })

  it('asks for a sign-in token where the terminal can ask for nothing else', async () => {
    const { deployment, cli: create } = scene()
    const cli = create()
    const { url, owner } = deployment
    const send = sendTo(url)
    const cookie = await signIn(send, url, { email: owner, password: password() })
    await deployment.ageSessions()
    const stale = await jwtOf(send, cookie)
    const env = { LATCHKEY_URL: url, LATCHKEY_JWT: stale }
    const terminal = cli.terminal(['export', cli.path('data.ndjson')], { env })
    await terminal.shows(`${url}/profile`)
    await terminal.shows('Sign-in token')
    const fresh = await deployment.jwt()
    terminal.types(`${fresh}\r`)
    const { code, screen } = await terminal.end()
    equal(code, 0, screen)
    ok(!screen.includes(fresh) && !screen.includes(stale))
    const login = await cli.run(['login', '--url', url, '--token-stdin'], { input: fresh })
    equal(login.code, 0, login.stderr)
    equal((await cli.run(['requests'])).code, 0)
  })

  it('asks for the second factor at sign-in and at step-up', async () => {
    const { deployment, cli: create } = scene()
    const cli = create()
    const { url } = deployment
    const email = 'owner@globex.test'
    const cookie = await signIn(sendTo(url), url, { email, password: password() })
    const post = async <Data>(path: string, body: object): Promise<Data> => {
      const headers = { 'content-type': 'application/json', origin: url, cookie }
      const init = { method: 'POST', headers, body: JSON.stringify(body) }
      const response = await fetch(`${url}/api/auth/factors/${path}`, init)
      return ((await response.json()) as { data: Data }).data
    }
    const app = new Authenticator((await post<{ secret: string }>('totp', {})).secret)
    type Enrolled = { recovery_codes: string[] }
    const { recovery_codes } = await post<Enrolled>('totp/confirm', { code: await app.code() })
    const terminal = cli.terminal(['login', '--url', url, '--email', email])
    await terminal.shows('Password of')
    terminal.types(`${password()}\r`)
    await terminal.shows('Second factor')
    // The second of the two.
    terminal.types('\u001b[B\r')
    await terminal.shows(/A recovery code\s/)
    await terminal.shows('_')
    terminal.types(`${recovery_codes[0]}\r`)
    const { code, screen } = await terminal.end()
    equal(code, 0, screen)
    await deployment.ageSessions()
    const exported = cli.terminal(['export', cli.path('data.ndjson')])
    await exported.shows('Code')
    exported.types(`${await app.code()}\r`)
    const end = await exported.end()
    equal(end.code, 0, end.screen)
  })

  it('follows requests as they come', { timeout: 300_000 }, async (t) => {
    const { deployment, cli: create } = scene()
    const cli = create()
    await signInTo(cli)
    const made = await deployment.api('POST', '/api/api-keys', { name: 'Followed', scopes: [] })
    const { id, key } = made.data as { id: string; key: string }
    const child = spawn(cli.program, ['requests', '--follow', '--json', '--key', id], {
      ...{ cwd: cli.home, env: cli.env() },
    })
    // A program that is left over would keep this file from ending.
    t.after(() => child.kill('SIGKILL'))
    const [followed] = await Promise.all([
      new Promise<string>((resolve) => child.stdout.once('data', (data) => resolve(String(data)))),
      new Promise<void>((resolve) => child.stderr.once('data', () => resolve())).then(() =>
        fetch(`${deployment.url}/api/contacts`, { headers: { 'x-api-key': key } }),
      ),
    ])
    const entry = JSON.parse(followed.split('\n')[0] ?? '') as {
      code: string
      key: { name: string }
    }
    deepEqual([entry.code, entry.key.name], ['insufficient_scope', 'Followed'])
    const listed = await cli.run(['requests', '--key', id, '--code', 'insufficient_scope'])
    match(listed.stdout, /Followed/)
    const { url, key: managing } = deployment
    const env = { LATCHKEY_URL: url, LATCHKEY_KEY: managing }
    equal((await create().run(['requests'], { env })).code, 3)
  })

  it('manages the accounts of the deployment', async () => {
    const cli = scene().cli()
    const { run } = cli
    await signInTo(cli)
    const words = ['accounts', 'create', 'Initech', '--owner-email', 'ada@initech.test']
    const unshown = await run(words)
    deepEqual([unshown.code, unshown.stdout], [2, ''])
    const made = await run([...words, '--link-file', cli.path('link'), '--json'])
    equal(made.code, 0, made.stderr)
    const { id } = JSON.parse(made.stdout) as { id: string }
    const link = readFileSync(cli.path('link'), 'utf8').trim()
    match(link, /\/invitations\//)
    ok(!`${made.stdout}${made.stderr}`.includes(link))
    const statusOf = async () =>
      JSON.parse((await run(['accounts', 'get', id, '--json'])).stdout).status
    equal((await run(['accounts', 'suspend', id, '--dry-run'])).code, 0)
    equal((await run(['accounts', 'delete', id, '--dry-run'])).code, 0)
    equal((await run(['accounts', 'suspend', id])).code, 2)
    equal(await statusOf(), 'active')
    const suspended = await run(['accounts', 'suspend', id, '--yes'])
    equal(suspended.code, 0, suspended.stderr)
    equal(await statusOf(), 'suspended')
    equal((await run(['accounts', 'resume', id])).code, 0)
    const update = ['accounts', 'update', id, '--name', 'Initech 2', '--keys', '10', '--json']
    const updated = JSON.parse((await run(update)).stdout) as {
      name: string
      quotas: { keys: number }
    }
    deepEqual([updated.name, updated.quotas.keys], ['Initech 2', 10])
    equal((await run(['accounts', 'delete', id, '--yes'])).code, 0)
    equal(await statusOf(), 'closing')
    match((await run(['accounts', 'list', '--search', 'Initech'])).stdout, /Initech 2/)
  })
}
